/**
 * Where the conclint executable is. Nothing here knows of VS Code, so that it can be tested without it.
 *
 * A workspace's own environment is a stranger's code: it is run only where the user trusts the workspace.
 */

import { constants, promises as fs } from "node:fs";
import * as path from "node:path";

const ENVIRONMENTS = [".venv", "venv"];

export interface Search {
  /** The setting `conclint.path`; empty if it isn't set. */
  readonly stated: string;
  /** The folders of the workspace. */
  readonly folders: readonly string[];
  readonly isTrusted: boolean;
  /** The environment variables of the editor. */
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

/** The executable's absolute path; undefined if there is none that may be run. */
export async function findExecutable(search: Search): Promise<string | undefined> {
  if (search.stated !== "") {
    return path.isAbsolute(search.stated) ? search.stated : onPath(search, search.stated);
  }
  if (search.isTrusted) {
    for (const folder of search.folders) {
      for (const environment of ENVIRONMENTS) {
        const found = await runnable(search, path.join(folder, environment, scripts(search.platform), "conclint"));
        if (found !== undefined) {
          return found;
        }
      }
    }
  }
  return onPath(search, "conclint");
}

/** Looked for folder by folder: some systems would look into the working folder, the workspace's, first. */
async function onPath(search: Search, name: string): Promise<string | undefined> {
  if (name !== path.basename(name)) {
    return undefined;
  }
  const variable = search.environment["PATH"] ?? search.environment["Path"] ?? "";
  for (const folder of variable.split(search.platform === "win32" ? ";" : ":")) {
    if (!path.isAbsolute(folder) || search.folders.some((own) => isWithin(folder, own) && !search.isTrusted)) {
      continue;
    }
    const found = await runnable(search, path.join(folder, name));
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

async function runnable(search: Search, file: string): Promise<string | undefined> {
  const whole = search.platform === "win32" && !file.endsWith(".exe") ? `${file}.exe` : file;
  try {
    await fs.access(whole, constants.X_OK);
    return (await fs.stat(whole)).isFile() ? whole : undefined;
  } catch {
    return undefined;
  }
}

function scripts(platform: NodeJS.Platform): string {
  return platform === "win32" ? "Scripts" : "bin";
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}
