#!/usr/bin/env python3
"""Writes the manual page and the completions of shells, from what the program says of itself.

    Tests/docs/manual.py PATH_OF_POSTERIOR FOLDER

    FOLDER/man/man1/posterior.1        man -M FOLDER/man posterior
    FOLDER/completions/posterior.bash, _posterior (zsh), posterior.fish
"""
import pathlib
import subprocess
import sys

from program import Program


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def spelling(argument):
    names = [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument.get("names") or []]
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        return f"<{value}>"
    return ", ".join(names) + (f" <{value}>" if argument["kind"] == "option" else "")


def page(program):
    root = program.commands[("posterior",)]
    lines = [f'.TH POSTERIOR 1 "" "{escaped(program.version)}"', ".SH NAME", f"posterior \\- {escaped(root['abstract'])}", ".SH SYNOPSIS", ".B posterior"]
    lines += [".I command", "[\\fIoptions\\fR]", ".SH COMMANDS"]
    for path, command in sorted(program.commands.items()):
        if path == ("posterior",) or path[-1] == "help" or command["commandName"] != path[-1]:
            continue
        lines += [f".SS {escaped(' '.join(path))}", escaped(command.get("abstract", ""))]
        if command.get("discussion"):
            lines += [".PP", escaped(command["discussion"])]
        for argument in command.get("arguments") or []:
            if argument.get("shouldDisplay", True) and spelling(argument) not in ("--version", "-h, --help"):
                lines += [".TP", f".B {escaped(spelling(argument))}", escaped(argument.get("abstract", ""))]
    lines += [".SH EXIT STATUS", "0 done, 1 failed, 3 not there, 4 in conflict with what is there, 5 the key is missing or does not allow it, 6 not now,"]
    lines += ["64 wrong arguments or no such command.", ".SH ENVIRONMENT"]
    for name, text in [
        ("POSTERIOR_STORE", "The store's folder."), ("POSTERIOR_SERVER", "The address of a server that commands ask."), ("POSTERIOR_KEY", "The key for it."),
        ("SSL_CERT_FILE", "Authorities that vouch for its certificate."), ("POSTERIOR_ADMIN_KEY", "The administrator's key of a server that is started."),
    ]:
        lines += [".TP", f".B {name}", escaped(text)]
    return "\n".join(lines) + "\n"


def main():
    path, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    manual, completions = folder / "man/man1", folder / "completions"
    for place in (manual, completions):
        place.mkdir(parents=True, exist_ok=True)
    (manual / "posterior.1").write_text(page(Program(path)))
    for shell, name in [("bash", "posterior.bash"), ("zsh", "_posterior"), ("fish", "posterior.fish")]:
        script = subprocess.run([path, "--generate-completion-script", shell], capture_output=True, text=True, check=True).stdout
        (completions / name).write_text(script)
    print(f"{manual / 'posterior.1'} and {completions}")


if __name__ == "__main__":
    main()
