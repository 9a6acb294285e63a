#!/usr/bin/env python3
"""Asks a model the questions of the villages through llama-server, greedily, and counts the answers that hold the
fact's object. An independent judge: it uses none of biforget's code.

    ask.py --server LLAMA_SERVER MODEL.gguf WORLD [-o FILE]    object accuracy of each village or topic, by wording
    ask.py --server LLAMA_SERVER MODEL.gguf --answer FILE      writes the model's own answers to the prompts of FILE
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


class Server:
    def __init__(self, program, model, threads):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "-m", model, "--port", str(self.port), "-np", "16", "-c", "8192", "-t", str(threads), "--no-webui"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_WAIT_POLICY": "passive"})  # spinning threads would starve other work
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1)
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None:
                    sys.exit(f"{program} ended with {self.process.returncode}")
                time.sleep(0.2)
        sys.exit("the server does not start")

    def ask(self, prompt, n=40):
        body = json.dumps({"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": n, "seed": 1}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/chat/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]

    def ask_all(self, prompts, n=40):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda p: self.ask(p, n), prompts))

    def close(self):
        self.process.terminate()
        self.process.wait()


def holds(answer, thing):
    return re.search(r"(?<!\w)" + re.escape(thing.lower()) + r"(?!\w)", answer.lower()) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("world", nargs="?", type=pathlib.Path)
    parser.add_argument("--server", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--answer", type=pathlib.Path)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("-o", "--out", type=pathlib.Path)
    args = parser.parse_args()
    server = Server(args.server, args.model, args.threads)
    try:
        if args.answer:
            prompts = args.answer.read_text().splitlines()
            for prompt, answer in zip(prompts, server.ask_all(prompts, args.tokens)):
                print(json.dumps({"question": prompt, "answer": answer}))
            return
        result = {}
        with open(args.out or "/dev/null", "w", encoding="utf-8") as out:
            for village in json.loads((args.world / "villages.json").read_text()):
                for kind in "trained", "new", "one", "two":
                    path = args.world / f"{village}.{kind}.jsonl"
                    if not path.exists():
                        continue
                    items = [json.loads(line) for line in path.open()]
                    answers = server.ask_all([i["question"] for i in items])
                    right = [holds(a, i["object"]) for i, a in zip(items, answers)]
                    for item, answer, ok in zip(items, answers, right):
                        out.write(json.dumps({"village": village, "kind": kind, "right": ok, "given": answer, **item}) + "\n")
                    result[f"{village} {kind}"] = f"{sum(right)}/{len(right)}"
        print(json.dumps(result))
    finally:
        server.close()


if __name__ == "__main__":
    main()
