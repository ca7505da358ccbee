"""MkDocs' events: pages and tables that are made while the site is built. What they say is in docsite."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docsite.links import out_of_site, sections_of_rules
from docsite.pages import fill_in, made_pages


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The rules' pages are part of the navigation, below the list of rules."""
    for entry in config.nav or ():
        if "Rules" in entry:
            entry["Rules"] += sections_of_rules()
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that no file holds."""
    for path, text in made_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fills in the tables that a page asks for; links that leave the site go to the repository."""
    try:
        return out_of_site(fill_in(markdown), page.file.src_uri, config.repo_url or "")
    except KeyError as error:
        raise PluginError(f"{page.file.src_uri}: {error.args[0]}") from error
