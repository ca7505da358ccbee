// Where the executable is looked for; what is a stranger's is not run.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { buildSync } from "esbuild";

const built = path.join(mkdtempSync(path.join(tmpdir(), "conclint-")), "executable.mjs");
buildSync({ entryPoints: ["src/executable.ts"], outfile: built, format: "esm", platform: "node", bundle: true });
const { findExecutable } = await import(built);

function place(folder) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "conclint");
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}

function setUp() {
  const root = mkdtempSync(path.join(tmpdir(), "conclint-"));
  const folder = path.join(root, "project");
  const own = place(path.join(folder, ".venv", "bin"));
  const onPath = place(path.join(root, "bin"));
  const search = { stated: "", folders: [folder], isTrusted: true, environment: { PATH: path.dirname(onPath) }, platform: "linux" };
  return { root, folder, own, onPath, search };
}

test("a trusted workspace's own environment comes first", async () => {
  const { own, search } = setUp();
  assert.equal(await findExecutable(search), own);
});

test("of a workspace that isn't trusted nothing is run", async () => {
  const { folder, onPath, search } = setUp();
  assert.equal(await findExecutable({ ...search, isTrusted: false }), onPath);
  const inside = { PATH: [path.join(folder, ".venv", "bin"), "", ".", "project"].join(":") };
  assert.equal(await findExecutable({ ...search, isTrusted: false, environment: inside }), undefined);
});

test("what the user states is used", async () => {
  const { onPath, search } = setUp();
  assert.equal(await findExecutable({ ...search, stated: "/opt/conclint" }), "/opt/conclint");
  assert.equal(await findExecutable({ ...search, stated: "conclint", folders: [] }), onPath);
  assert.equal(await findExecutable({ ...search, stated: "bin/conclint" }), undefined, "relative to what?");
});

test("none is found where none is", async () => {
  assert.equal(await findExecutable({ ...setUp().search, folders: [], environment: {} }), undefined);
});

test("what can't be executed is none", async () => {
  const { root, search } = setUp();
  const folder = path.join(root, "other");
  mkdirSync(path.join(folder, "conclint"), { recursive: true });
  assert.equal(await findExecutable({ ...search, folders: [], environment: { PATH: folder } }), undefined);
});
