"""A Hub on this machine: as much of its HTTP API as publishing and reading back use, with planned faults.

Datasets and models are kept alike, by name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN, OWNER = "hf_of_the_tests", "me"
ROUTES = {
    "POST /api/repos/create": "create",
    "POST /api/validate-yaml": "reply",
    "POST /api/REPO/preupload/(.+)": "preupload",
    r"POST /REPO\.git/info/lfs/objects/batch": "batch",
    "PUT /lfs/(.+)": "store",
    "POST /api/REPO/commit/(.+)": "commit",
    "POST /api/REPO/branch/(.+)": "branch",
    "GET /api/REPO(?:/revision/(.+))?": "info",
    "GET /api/REPO/tree/([^/]+)(?:/(.+))?": "tree",
    "(?:GET|HEAD) /REPO/resolve/([^/]+)/(.+)": "resolve",
}


class HubServer(ThreadingHTTPServer):
    """Serves at `url`. `faults`: by part of a path, what befalls its next requests: a status, `drop`, `drop after`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.private: dict[str, bool] = {}
        self.branches: dict[tuple[str, str], list[tuple[str, dict[str, bytes]]]] = {}  # commits: id and all files
        self.stored: dict[str, bytes] = {}
        self.faults: dict[str, list[int | str]] = {}
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def at(self, repo: str, revision: str = "main") -> tuple[str, dict[str, bytes]]:
        """The id and the files of a commit, named by branch or by id."""
        commits = self.branches.get((repo, revision)) or [
            c for b in self.branches.values() for c in b if c[0] == revision
        ]
        return commits[-1]


class _Handler(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"
    lost = False

    def log_message(self, *args: object) -> None: ...

    def serve(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.command} {path}")
        fault = next((left.pop(0) for part, left in self.server.faults.items() if left and part in path), 0)
        self.lost = isinstance(fault, str)
        if fault and fault != "drop after":
            return self.reply(int(not self.lost and fault))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}" and not path.startswith("/lfs/"):
            return self.reply(401, **{"X-Error-Message": "Invalid credentials in Authorization header"})
        for pattern, name in ROUTES.items():
            if match := re.fullmatch(
                pattern.replace("REPO", "(?:datasets/|models/)?([^/]+/[^/]+?)"), f"{self.command} {path}"
            ):
                if "REPO" in pattern and match[1] not in self.server.private:
                    return self.reply(404, **{"X-Error-Code": "RepoNotFound"})
                return getattr(self, name)(*filter(None, match.groups()))
        return self.reply(404, **{"X-Error-Code": "EntryNotFound"})

    do_GET = do_HEAD = do_POST = do_PUT = serve

    def reply(self, status: int = 200, content: Any = None, **headers: str) -> None:
        if self.lost:
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        data = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)

    def create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked.get('organization') or OWNER}/{asked['name']}"
        status = 403 if not name.startswith(OWNER) else 409 if name in self.server.private else 200
        if status == 200:
            self.server.private[name] = asked.get("private") is True or asked.get("visibility") == "private"
            self.server.branches[name, "main"] = [("0" * 40, {})]
        self.reply(status, {"url": f"{self.server.url}/datasets/{name}"})

    def preupload(self, repo: str, branch: str) -> None:
        _, there = self.server.at(repo, branch)
        files = [{"path": file["path"], "shouldIgnore": False} for file in json.loads(self.body)["files"]]
        for file in files:
            mode = file["uploadMode"] = "lfs" if file["path"].endswith((".parquet", ".safetensors")) else "regular"
            file["oid"] = oid(there[file["path"]], mode) if file["path"] in there else None
        self.reply(200, {"files": files})

    def batch(self, repo: str) -> None:
        objects = [{"oid": wanted["oid"], "size": wanted["size"]} for wanted in json.loads(self.body)["objects"]]
        for entry in objects:
            if entry["oid"] not in self.server.stored:
                entry["actions"] = {"upload": {"href": f"{self.server.url}/lfs/{entry['oid']}"}}
        self.reply(200, {"transfer": "basic", "objects": objects})

    def store(self, name: str) -> None:
        self.server.stored[oid(self.body, "lfs")] = self.body
        self.reply(200 if name in self.server.stored else 400)

    def commit(self, repo: str, branch: str) -> None:
        lines = [json.loads(line) for line in self.body.splitlines()]
        files = {line["value"]["path"]: self.content(**line["value"]) for line in lines if line["key"] != "header"}
        made = f"{len(self.server.seen):040x}"
        self.server.branches[repo, branch].append((made, self.server.at(repo, branch)[1] | files))
        kind = "" if self.path.startswith("/api/models/") else "datasets/"
        self.reply(200, {"commitOid": made, "commitUrl": f"{self.server.url}/{kind}{repo}/commit/{made}"})

    def content(self, content: str | None = None, oid: str = "", **_: Any) -> bytes:
        return self.server.stored[oid] if content is None else base64.b64decode(content)

    def branch(self, repo: str, branch: str) -> None:
        status = 409 if (repo, branch) in self.server.branches else 200
        self.server.branches.setdefault((repo, branch), [self.server.at(repo)])
        self.reply(status)

    def info(self, repo: str, revision: str = "main") -> None:
        made, files = self.server.at(repo, revision)
        siblings = [{"rfilename": path} for path in files]
        self.reply(200, {"id": repo, "sha": made, "private": self.server.private[repo], "siblings": siblings})

    def tree(self, repo: str, revision: str, folder: str = "") -> None:
        files = [file for file in self.server.at(repo, revision)[1].items() if file[0].startswith(folder)]
        self.reply(200, [{"type": "file", "path": path, "size": len(data), "oid": oid(data)} for path, data in files])

    def resolve(self, repo: str, revision: str, path: str) -> None:
        made, files = self.server.at(repo, revision)
        if path not in files:
            return self.reply(404, **{"X-Error-Code": "EntryNotFound"})
        return self.reply(200, files[path], **{"ETag": f'"{oid(files[path])}"', "X-Repo-Commit": made})


def oid(data: bytes, mode: str = "regular") -> str:
    return (hashlib.sha256(data) if mode == "lfs" else hashlib.sha1(b"blob %d\0" % len(data) + data)).hexdigest()
