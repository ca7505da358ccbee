"""The facts of other libraries: they load, keep to the schema, and each way in leads to the right fact."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from conclint.catalog.facts import Access, CallableFact, ClassFact, EffectKind
from conclint.catalog.loader import Catalog, read_file, shipped_files, starting_imports
from conclint.catalog.registering import ACCESSED, REGISTERING_MODULES, RUN_BY
from conclint.catalog.schema import LibraryFacts
from conclint.model.execution import Confidence, ExecutionModel, Family

PATHS = [path for path in shipped_files() if path.parent.name == "thirdparty"]
SHARED = Catalog()

_FILLINGS = ("", "url", "'x', timeout=5", "*items, **options")


def callables(facts: LibraryFacts) -> Iterator[tuple[CallableFact, ClassFact | None]]:
    for fact in facts.functions.values():
        yield fact, None
    for cls in facts.classes.values():
        for fact in cls.methods.values():
            yield fact, cls


@cache
def files() -> tuple[LibraryFacts, ...]:
    return tuple(map(read_file, PATHS))


@cache
def every() -> tuple[tuple[CallableFact, ClassFact | None], ...]:
    return tuple(found for facts in files() for found in callables(facts))


def fact_of(dotted: str) -> CallableFact:
    fact = SHARED.function(dotted)
    assert fact is not None, f"{dotted} is unknown"
    return fact


def test_each_file_states_something_and_is_reached_by_its_imports() -> None:
    for facts in files():
        names = [*facts.functions, *facts.classes, *facts.factories, *facts.decorators, *facts.aliases]
        assert names, facts.library
        assert {name.split(".")[0] for name in names} <= set(facts.imports), facts.library


def test_each_file_says_its_imports_where_they_are_looked_for() -> None:
    """Making a catalog reads the head of each file only."""
    fresh = Catalog()
    for facts in files():
        assert any(fresh.knows(top) for top in facts.imports), facts.library


def test_no_name_is_stated_by_two_files() -> None:
    stated = Counter(name for facts in files() for name in (*facts.functions, *facts.classes, *facts.aliases))
    assert [name for name, count in stated.items() if count > 1] == []


def test_no_alias_hides_a_stated_name() -> None:
    for facts in files():
        for name in (*facts.functions, *facts.classes):
            assert SHARED.canonical(name) == name


def test_aliases_lead_to_something_stated() -> None:
    """A class or a factory, a function, or a module of which something is stated."""
    for facts in files():
        for alias in facts.aliases:
            target = SHARED.canonical(alias)
            assert target != alias
            top = [f for f in files() if target.split(".")[0] in f.imports]
            stated = {n for f in top for n in (*f.functions, *f.classes, *f.factories, *f.decorators)}
            hooks = (hook for f in top for cls in f.classes.values() for hook in cls.hooks)
            stated |= {name for hook in hooks for name in hook.decorated}
            assert any(name == target or name.startswith(f"{target}.") for name in stated), alias


def test_whoever_waits_says_what_to_use_instead() -> None:
    silent = [
        fact.name
        for fact, cls in every()
        if fact.effect is EffectKind.WAITS and fact.instead is None and (cls is None or cls.instead is None)
    ]
    assert silent == []


def test_each_fact_names_its_source() -> None:
    assert [fact.name for fact, _ in every() if not fact.source.startswith("https://")] == []


def test_async_classes_have_no_blocking_method() -> None:
    blocking = [
        fact.name
        for fact, cls in every()
        if cls is not None and cls.asynchronous and fact.effect is not EffectKind.HARMLESS
    ]
    assert blocking == []


def examples() -> Iterator[tuple[str, str]]:
    for fact, _ in every():
        for text in (fact.example, fact.example_trio, fact.example_anyio):
            if text:
                yield fact.name, text


def test_each_example_is_python_whatever_the_call_passes() -> None:
    for dotted, template in examples():
        for arguments in _FILLINGS:
            name = dotted.rpartition(".")[2].replace("*", "method")
            text = template.replace("{args}", arguments).replace("{receiver}", "self.thing[0]")
            text = text.replace("{name}", name).replace("(, ", "(").replace(", )", ")")
            body = "\n".join(f"    {line}" for line in text.splitlines())
            try:
                tree = ast.parse(f"async def example():\n{body}\n")
            except SyntaxError as error:
                pytest.fail(f"{dotted}: {text!r}: {error}")
            assert "{" not in text, f"{dotted}: {text!r} keeps a placeholder"
            assert tree.body


def test_a_thread_of_trio_or_anyio_takes_no_keyword_arguments() -> None:
    given_away = [dotted for dotted, text in examples() if "to_thread.run_sync(" in text and "{args}" in text]
    assert given_away == []


# What peers detect (flake8-async, ruff, SonarPython), by family.
_PEERS = {
    Family.HTTP: """
        requests.get requests.post requests.put requests.patch requests.delete requests.head
        requests.options requests.request requests.api.get requests.Session.get requests.sessions.Session.post
        httpx.get httpx.options httpx.head httpx.post httpx.put httpx.patch httpx.delete httpx.request
        httpx.stream httpx.Client.delete httpx.Client.get httpx.Client.head httpx.Client.options
        httpx.Client.patch httpx.Client.post httpx.Client.put httpx.Client.request httpx.Client.send
        httpx.Client.stream urllib3.request urllib3.PoolManager.request urllib3.ProxyManager.urlopen
        urllib3.HTTPConnectionPool.urlopen urllib3.HTTPSConnectionPool.request""",
}


@pytest.mark.parametrize("family", _PEERS)
def test_what_peers_detect_is_known(family: Family) -> None:
    for dotted in _PEERS[family].split():
        fact = fact_of(dotted)
        assert (fact.effect, fact.family) == (EffectKind.WAITS, family), dotted


_BLOCKING = {
    Family.DATABASE: """
        redis.Redis.get redis.StrictRedis.hgetall redis.client.Redis.lpush redis.RedisCluster.set
        redis.client.Pipeline.execute pymongo.collection.Collection.find_one
        pymongo.synchronous.collection.Collection.insert_many pymongo.cursor.Cursor.__next__
        psycopg2.connect psycopg2.extensions.cursor.execute psycopg.connect psycopg.Cursor.execute
        pymysql.connect.__init__ pymysql.cursors.DictCursor.execute MySQLdb.connect
        MySQLdb.cursors.Cursor.execute mysql.connector.connect
        mysql.connector.cursor.MySQLCursor.fetchone sqlalchemy.engine.Engine.connect
        sqlalchemy.Connection.execute sqlalchemy.orm.Session.commit sqlalchemy.orm.scoped_session.execute
        sqlalchemy.orm.Query.all sqlmodel.Session.exec sqlmodel.Session.commit""",
    Family.HTTP: """
        googleapiclient.http.HttpRequest.execute
        botocore.client.BaseClient.put_object openai.resources.chat.Completions.create
        anthropic.resources.Messages.create google.genai.models.Models.generate_content
        docker.APIClient.images docker.APIClient.get docker.models.containers.Container.stop
        elasticsearch.Elasticsearch.search pinecone.Index.upsert""",
    Family.FILES: """
        boto3.client boto3.Session.client h5py.File.__init__ h5py.File.create_dataset joblib.load
        googleapiclient.discovery.build""",
    Family.LOCKS: "redis.lock.Lock.acquire redis.lock.Lock.__enter__",
    Family.QUEUES: """
        pika.BlockingConnection.__init__ pika.adapters.blocking_connection.BlockingChannel.basic_publish
        kafka.KafkaConsumer.poll kafka.KafkaProducer.flush""",
    Family.SOCKETS: "paramiko.SSHClient.connect paramiko.SFTPClient.get paho.mqtt.client.Client.loop_forever",
    Family.JOINS: """
        celery.result.AsyncResult.get celery.result.GroupResult.join joblib.Parallel.__call__
        anyio.from_thread.run trio.from_thread.run asgiref.sync.AsyncToSync.__call__
        kafka.producer.future.FutureRecordMetadata.get""",
    Family.OTHER: "selenium.webdriver.Chrome.get serial.Serial.read",
    Family.SLEEP: "tenacity.sleep",
}


@pytest.mark.parametrize("family", _BLOCKING)
def test_what_blocks_by_any_of_its_names(family: Family) -> None:
    for dotted in _BLOCKING[family].split():
        fact = fact_of(dotted)
        assert (fact.effect, fact.family) == (EffectKind.WAITS, family), dotted


_QUIET = """
    requests.Session.close requests.Response.raise_for_status httpx.AsyncClient.get httpx.Client.build_request
    aiohttp.ClientSession.get anyio.sleep anyio.open_file trio.sleep redis.Redis.pipeline
    redis.client.Pipeline.set pymongo.collection.Collection.find pymongo.cursor.Cursor.sort
    psycopg2.extensions.connection.cursor sqlalchemy.orm.Session.add sqlalchemy.orm.Session.query
    sqlalchemy.orm.Query.filter sqlalchemy.Result.all sqlalchemy.ext.asyncio.AsyncSession.execute
    sqlalchemy.ext.asyncio.AsyncSession.run_sync joblib.delayed botocore.client.BaseClient.get_paginator
    boto3.resources.base.ServiceResource.Table googleapiclient.discovery.Resource.files
    openai.OpenAI.with_options paho.mqtt.client.Client.loop_start
    elasticsearch.Elasticsearch.options kafka.KafkaConsumer.subscribe paramiko.Channel.recv_ready
"""


@pytest.mark.parametrize("dotted", _QUIET.split())
def test_what_never_blocks_ends_the_search(dotted: str) -> None:
    assert fact_of(dotted).effect is EffectKind.HARMLESS


@pytest.mark.parametrize(
    ("dotted", "callable_", "model", "executor", "style"),
    [
        ("anyio.to_thread.run_sync", "func", ExecutionModel.THREAD, "", "offload"),
        ("anyio.to_process.run_sync", "func", ExecutionModel.PROCESS, "", "offload"),
        ("anyio.to_interpreter.run_sync", "func", ExecutionModel.INTERPRETER, "", "offload"),
        ("anyio.from_thread.run_sync", "func", ExecutionModel.EVENT_LOOP, "", "callback"),
        ("trio.to_thread.run_sync", "sync_fn", ExecutionModel.THREAD, "", "offload"),
        ("asgiref.sync.sync_to_async", "func", None, "executor", "offload"),
        ("starlette.concurrency.run_in_threadpool", "func", ExecutionModel.THREAD, "", "offload"),
        ("fastapi.concurrency.run_in_threadpool", "func", ExecutionModel.THREAD, "", "offload"),
        ("starlette.background.BackgroundTasks.add_task", "func", ExecutionModel.THREAD, "", "framework"),
        ("fastapi.BackgroundTasks.add_task", "func", ExecutionModel.THREAD, "", "framework"),
    ],
)
def test_placements(
    dotted: str, callable_: str, model: ExecutionModel | None, executor: str, style: str
) -> None:
    placing = fact_of(dotted).placing
    assert placing is not None
    assert (placing.callable, placing.model, placing.executor_parameter) == (callable_, model, executor)
    assert placing.style == style


def test_options_of_an_offload_are_not_the_callable_s_arguments() -> None:
    for dotted in ("anyio.to_thread.run_sync", "trio.to_thread.run_sync"):
        kinds = {parameter.name: parameter.kind for parameter in fact_of(dotted).signature or ()}
        assert kinds["limiter"] == kinds["abandon_on_cancel"] == "kw"


@pytest.mark.parametrize(
    ("steps", "final"),
    [
        ("requests.session() get", "requests.Response"),
        ("boto3.client() put_object", None),
        ("boto3.session.Session client() get_paginator() paginate()", "botocore.paginate.PageIterator"),
        ("redis.from_url() pipeline()", "redis.client.Pipeline"),
        ("redis.Redis lock()", "redis.lock.Lock"),
        ("pymongo.MongoClient shop orders find()", "pymongo.cursor.Cursor"),
        ("psycopg2.connect() cursor()", "psycopg2.extensions.cursor"),
        ("sqlalchemy.create_engine() connect() execute()", "sqlalchemy.CursorResult"),
        ("sqlalchemy.orm.Session query() filter() order_by()", "sqlalchemy.orm.Query"),
        ("sqlalchemy.ext.asyncio.create_async_engine() connect()", "sqlalchemy.ext.asyncio.AsyncConnection"),
        ("openai.OpenAI chat completions", "openai.resources.chat.Completions"),
        ("openai.AzureOpenAI with_options() embeddings", "openai.resources.Embeddings"),
        ("google.genai.Client aio models", "google.genai.models.AsyncModels"),
        ("docker.from_env() containers run()", "docker.models.containers.Container"),
        ("googleapiclient.discovery.build() files() list()", "googleapiclient.http.HttpRequest"),
        ("flask_sqlalchemy.SQLAlchemy session query()", "sqlalchemy.orm.Query"),
        ("celery.app.task.Task delay()", "celery.result.AsyncResult"),
    ],
)
def test_types_are_followed(steps: str, final: str | None) -> None:
    first, *rest = steps.split()
    name = first.removesuffix("()")
    kind = SHARED.factory(name)
    if kind is None:
        fact = SHARED.function(name)
        kind = fact.returns if fact is not None and fact.returns else name
    for step in rest:
        assert kind is not None
        method = SHARED.method(kind, step.removesuffix("()"))
        if method is not None:
            kind = kind if method.returns == "self" else method.returns
        else:
            kind = SHARED.attribute(kind, step)
    assert kind == final


def test_dynamic_methods_carry_the_name_that_was_called() -> None:
    fact = SHARED.method("botocore.client.BaseClient", "put_object")
    assert fact is not None
    assert fact.name == "botocore.client.BaseClient.put_object"
    assert SHARED.method("botocore.client.BaseClient", "__enter__") is None


@pytest.mark.parametrize(
    ("dotted", "tables"),
    [
        ("celery.result.AsyncResult.get", [{"timeout": 0}]),
        ("kafka.producer.future.FutureRecordMetadata.get", [{"timeout": 0}]),
        ("pymysql.connections.Connection.__init__", [{"defer_connect": True}]),
        ("requests.get", []),
    ],
)
def test_the_arguments_that_keep_a_call_from_blocking(dotted: str, tables: list[dict[str, object]]) -> None:
    assert [dict(condition.pairs) for condition in fact_of(dotted).unless] == tables


@pytest.mark.parametrize(
    ("dotted", "confidence"),
    [
        ("requests.Response.iter_content", Confidence.MEDIUM),
        ("psycopg2.extensions.cursor.fetchall", Confidence.LOW),
        ("sqlalchemy.orm.Session.close", Confidence.LOW),
        ("celery.app.task.Task.delay", Confidence.MEDIUM),
        ("sqlalchemy.orm.Query.all", Confidence.HIGH),
        ("psycopg2.extensions.cursor.execute", Confidence.HIGH),
    ],
)
def test_facts_that_hold_often_are_not_stated_as_sure(dotted: str, confidence: Confidence) -> None:
    assert fact_of(dotted).confidence is confidence


@pytest.mark.parametrize(
    ("dotted", "first"),
    [
        ("requests.get", "httpx.AsyncClient.get"),
        ("httpx.post", "httpx.AsyncClient.post"),
        ("psycopg2.connect", "psycopg.AsyncConnection.connect"),
        ("redis.Redis.get", "redis.asyncio.Redis.get"),
        (
            "pymongo.collection.Collection.find_one",
            "pymongo.asynchronous.collection.AsyncCollection.find_one",
        ),
        ("boto3.client", "aioboto3.Session.client"),
        ("sqlalchemy.orm.Session.execute", "sqlalchemy.ext.asyncio.AsyncSession.execute"),
        ("openai.resources.chat.Completions.create", "openai.resources.chat.AsyncCompletions.create"),
    ],
)
def test_the_async_counterpart(dotted: str, first: str) -> None:
    assert (fact_of(dotted).instead or ("",))[0] == first


@pytest.mark.parametrize(
    ("dotted", "model"),
    [
        ("asgiref.sync.sync_to_async", ExecutionModel.THREAD),
        ("fastapi.FastAPI.get", ExecutionModel.THREAD),
        ("celery.shared_task", ExecutionModel.PROCESS),
        ("tenacity.retry", None),
        ("backoff.on_exception", None),
    ],
)
def test_decorators(dotted: str, model: ExecutionModel | None) -> None:
    fact = SHARED.decorator(dotted)
    assert fact is not None
    assert fact.model is model


def test_a_library_that_starts_code_says_so_in_its_head() -> None:
    """Who decorates or calls back decides what runs; a file that uses it needs no word of concurrency."""
    for facts in files():
        registers = any(fact.model is not None for fact in facts.decorators.values())
        calls = any(
            runs.model is ExecutionModel.EVENT_LOOP for cls in facts.classes.values() for runs in cls.runs
        )
        if registers or calls:
            assert facts.starts_code or set(facts.imports) & {"asgiref", "celery", "dramatiq"}, facts.library
        assert facts.starts_code == (set(facts.imports) <= starting_imports()), facts.library


def test_the_names_that_are_known_before_any_file_is_read_are_those_of_the_files() -> None:
    every = [read_file(path) for path in shipped_files()]
    facts = [fact for library in every for fact, _ in callables(library)]
    run_by: dict[str, set[str]] = {}
    for fact in facts:
        if (how := fact.registering) is not None:
            owner, _, last = fact.name.rpartition(".")
            name = owner.rpartition(".")[2] if last == "__init__" else last
            running = (item.rpartition(".")[2] for item in (*how.by, *how.started_by))
            run_by.setdefault(name, set()).update(running)
    assert run_by.keys() == RUN_BY.keys()
    assert all(names <= RUN_BY[name] for name, names in run_by.items())
    accessed = {fact.name.rpartition(".")[2] for fact in facts if fact.access is not Access.CALL}
    assert accessed == ACCESSED
    giving = {fact.name.rpartition(".")[0] for fact in facts if fact.registering and fact.registering.owner}
    assert giving == REGISTERING_MODULES
