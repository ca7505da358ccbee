import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import { findExecutable } from "./executable";

const INSTALL = "https://github.com/conclint/conclint#install";

let client: LanguageClient | undefined;
let status: vscode.StatusBarItem;
let log: vscode.LogOutputChannel;
/** One start or stop after the other, however fast settings change. */
let turn: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  log = vscode.window.createOutputChannel("conclint", { log: true });
  status = vscode.window.createStatusBarItem("conclint.status", vscode.StatusBarAlignment.Right);
  status.name = "conclint";
  status.command = "conclint.showLog";
  context.subscriptions.push(
    log,
    status,
    vscode.commands.registerCommand("conclint.restart", restart),
    vscode.commands.registerCommand("conclint.showLog", () => log.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (["conclint.enable", "conclint.path", "conclint.arguments"].some((key) => change.affectsConfiguration(key))) {
        await restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await turn;
  await stop();
}

function restart(): Promise<void> {
  turn = turn.then(async () => {
    await stop();
    await start();
  });
  return turn;
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.dispose().catch((error: unknown) => log.warn(String(error)));
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("conclint");
  if (!settings.get<boolean>("enable", true)) {
    status.hide();
    return;
  }
  status.show();
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const executable = await findExecutable({
    stated: settings.get<string>("path", "").trim(),
    folders,
    isTrusted: vscode.workspace.isTrusted,
    environment: process.env,
    platform: process.platform,
  });
  if (executable === undefined) {
    tell("$(warning) conclint", "conclint was not found");
    await offerInstallation();
    return;
  }
  log.info(`starting ${executable}`);
  tell("$(sync~spin) conclint", `starting ${executable}`);
  const command = { command: executable, args: ["server", "--stdio", ...settings.get<string[]>("arguments", [])] };
  client = new LanguageClient(
    "conclint",
    "conclint",
    { run: command, debug: command },
    {
      documentSelector: [
        { scheme: "file", language: "python" },
        { scheme: "untitled", language: "python" },
      ],
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    },
  );
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      tell("conclint", `${executable} is running`);
    } else if (newState === State.Stopped) {
      tell("$(error) conclint", "the server has stopped: see the log");
    }
  });
  try {
    await client.start();
  } catch (error) {
    log.error(String(error));
    tell("$(error) conclint", `could not be started: ${String(error)}`);
  }
}

function tell(text: string, tooltip: string): void {
  status.text = text;
  status.tooltip = tooltip;
}

async function offerInstallation(): Promise<void> {
  const untrusted = vscode.workspace.isTrusted ? "" : " (this workspace isn't trusted, so its own environment isn't run)";
  const choice = await vscode.window.showWarningMessage(
    `conclint was not found${untrusted}. Install it with its language server (conclint[server]), or set conclint.path.`,
    "How to Install",
    "Open Settings",
  );
  if (choice === "How to Install") {
    await vscode.env.openExternal(vscode.Uri.parse(INSTALL));
  } else if (choice === "Open Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "conclint.path");
  }
}
