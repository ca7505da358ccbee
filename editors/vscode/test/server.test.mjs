// The client's protocol against the real server: CONCLINT is the executable (default: the one on the PATH).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const rpc = require("vscode-languageserver-protocol/node");

const SOURCE = "import time\n\n\nasync def handle():\n    time.sleep(1)\n";

test("a finding, its chain and its quick fix reach the editor", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "conclint-"));
  writeFileSync(path.join(folder, "pyproject.toml"), '[project]\nname = "p"\n');
  const file = path.join(folder, "app.py");
  writeFileSync(file, SOURCE);
  const uri = pathToFileURL(file).href;
  const server = spawn(process.env.CONCLINT ?? "conclint", ["server", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(server.stdout),
    new rpc.StreamMessageWriter(server.stdin),
  );
  const published = new Promise((resolve) => {
    connection.onNotification(rpc.PublishDiagnosticsNotification.type, (params) => {
      if (params.diagnostics.length > 0) {
        resolve(params);
      }
    });
  });
  connection.onRequest(rpc.RegistrationRequest.type, () => undefined);
  connection.onRequest(rpc.WorkDoneProgressCreateRequest.type, () => undefined);
  connection.listen();
  const folders = [{ uri: pathToFileURL(folder).href, name: "p" }];
  await connection.sendRequest(rpc.InitializeRequest.type, {
    processId: process.pid,
    rootUri: folders[0].uri,
    workspaceFolders: folders,
    capabilities: { textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix"] } } } } },
  });
  await connection.sendNotification(rpc.InitializedNotification.type, {});
  await connection.sendNotification(rpc.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "python", version: 1, text: SOURCE },
  });
  const { diagnostics } = await published;
  assert.deepEqual(diagnostics.map((found) => found.code), ["CON102"]);
  const actions = await connection.sendRequest(rpc.CodeActionRequest.type, {
    textDocument: { uri },
    range: diagnostics[0].range,
    context: { diagnostics },
  });
  assert.ok(actions.length > 0);
  await connection.sendRequest(rpc.ShutdownRequest.type);
  await connection.sendNotification(rpc.ExitNotification.type);
  const code = await new Promise((resolve) => server.once("exit", resolve));
  assert.equal(code, 0);
  connection.dispose();
});
