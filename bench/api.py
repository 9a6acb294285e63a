#!/usr/bin/env python3
"""`biforget domain --api` beside a plain client of the same concurrency on one llama-server, and the embedded engine beside both.
One machine, one model; the sides in turn, so that a machine whose speed wanders is fair to all.

usage: api.py BIFORGET LLAMA_SERVER MODEL [--samples N] [--rounds N] [--parallel N] [--threads N] [--new N]
The plain client is asyncio with httpx where that is installed, else with a minimal HTTP/1.1 client of the standard library (both
keep their connections). It sends the very requests of an earlier run with the same seed, which a relay has written down; with
--bare without asking for probabilities. Each side gets a fresh server. BIFORGET_TEST_EMBEDDER names the embedder of biforget's
runs. Prints one JSON object a round and a last line with the medians."""
import argparse, asyncio, http.client, http.server, json, os, re, signal, socket, statistics, subprocess, sys, tempfile, threading
import time, urllib.request
try:
    import httpx
except ImportError:
    httpx = None

TYPE = {"Content-Type": "application/json"}

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

class Server:
    """llama-server with one place for each request in flight; each place as long as the embedded engine's."""
    def __init__(self, a):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/v1"
        cmd = [a.server, "-m", a.model, "--host", "127.0.0.1", "--port", str(self.port), "-a", "bench", "-np", str(a.parallel),
               "-c", str(a.ctx * a.parallel), "-t", str(a.threads), "-tb", str(a.threads), "-fa", "on", "--no-ui"]
        self.log = open(a.log, "w") if a.log else subprocess.DEVNULL
        self.process = subprocess.Popen(cmd, stdout=self.log, stderr=self.log)
    def __enter__(self):
        for _ in range(1200):
            try:
                if urllib.request.urlopen(self.base[:-3] + "/health", timeout=1).status == 200:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit("llama-server did not start")
            time.sleep(0.05)
        sys.exit("llama-server did not get ready")
    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

def run_biforget(a, seed, folder, where):
    cmd = [a.biforget, "domain", "the Solar System", *where, "-o", folder, "--parallel", str(a.parallel), "--max-samples",
           str(a.samples), "--samples-per-prompt", "100", "--mi-samples", "0", "--jailbreak-samples", "0", "--control-samples",
           "0", "--epsilon", "-1", "--max-new-tokens", str(a.new), "--seed", str(seed), "--quiet"]
    p = subprocess.run(cmd, env=dict(os.environ, BIFORGET_TIMES="1"), capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit(p.stderr)
    t = json.loads(re.search(r"times: (\{.*\})", p.stderr).group(1))
    return t["list_tokens"] / t["list_seconds"], t

class Recorder(http.server.BaseHTTPRequestHandler):
    """A relay that keeps the requests that are for the list of samples."""
    protocol_version = "HTTP/1.1"
    def log_message(self, *unused):
        pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        c = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=600)
        c.request(self.command, self.path, body or None, {"Content-Type": "application/json"})
        r = c.getresponse()
        data = r.read()
        self.send_response(r.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        if self.command == "POST" and json.loads(body).get("max_tokens") == self.server.new:
            self.server.kept.append(body)
    do_GET = do_POST

class Relay(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

def record(a, seed, folder, server, embedder):
    """The requests of a run with that seed, unmeasured."""
    relay = Relay(("127.0.0.1", 0), Recorder)
    relay.upstream, relay.new, relay.kept = server.port, a.new, []
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    run_biforget(a, seed, folder, ["--api", f"http://127.0.0.1:{relay.server_address[1]}/v1", "--api-model", "bench", *embedder])
    relay.shutdown()
    return relay.kept

async def plain_httpx(a, base, todo):
    limits = httpx.Limits(max_connections=a.parallel, max_keepalive_connections=a.parallel)
    tokens = 0
    async with httpx.AsyncClient(limits=limits, timeout=600, trust_env=False) as client:
        async def work():
            nonlocal tokens
            while todo:
                r = await client.post(base + "/chat/completions", content=todo.pop(), headers=TYPE)
                tokens += r.json()["usage"]["completion_tokens"]
        await asyncio.gather(*[work() for _ in range(a.parallel)])
    return tokens

async def plain_stdlib(a, base, todo):
    host, port = base[7:-3].split(":")
    tokens = 0
    async def work():
        nonlocal tokens
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 24)
        while todo:
            body = todo.pop()
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                         % (host.encode(), len(body)) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            n = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
            tokens += json.loads(await reader.readexactly(n))["usage"]["completion_tokens"]
        writer.close()
    await asyncio.gather(*[work() for _ in range(a.parallel)])
    return tokens

def run_plain(a, base, kept):
    todo = list(reversed(kept))
    if a.bare:
        extras = ("logprobs", "top_logprobs", "post_sampling_probs")
        todo = [json.dumps({k: v for k, v in json.loads(b).items() if k not in extras}).encode() for b in todo]
    start = time.monotonic()
    tokens = asyncio.run((plain_httpx if httpx else plain_stdlib)(a, base, todo))
    return tokens / (time.monotonic() - start)

def main():
    p = argparse.ArgumentParser()
    p.add_argument("biforget"); p.add_argument("server"); p.add_argument("model")
    p.add_argument("--samples", type=int, default=384); p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--parallel", type=int, default=64); p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--new", type=int, default=96); p.add_argument("--ctx", type=int, default=512)
    p.add_argument("--bare", action="store_true"); p.add_argument("--log")
    a = p.parse_args()
    rates = {"api": [], "plain": [], "embedded": []}
    for i in range(a.rounds):
        seed = str(1 + i)
        with tempfile.TemporaryDirectory() as d:
            # The embedder is the same on all sides, in biforget's process: only generation is compared.
            embedder = ["--embedder", os.environ["BIFORGET_TEST_EMBEDDER"]]
            embedded, _ = run_biforget(a, seed, d + "/embedded", ["-m", a.model, "--threads", str(a.threads), *embedder])
            with Server(a) as s:
                kept = record(a, seed, d + "/record", s, embedder)
            with Server(a) as s:
                plain = run_plain(a, s.base, kept)
            with Server(a) as s:
                api, t = run_biforget(a, seed, d + "/api", ["--api", s.base, "--api-model", "bench", *embedder])
        for name, rate in (("api", api), ("plain", plain), ("embedded", embedded)):
            rates[name].append(rate)
        print(json.dumps({"api": round(api, 1), "plain": round(plain, 1), "embedded": round(embedded, 1),
                          "api/plain": round(api / plain, 3), "embedded/plain": round(embedded / plain, 3),
                          "api: time in the embedder": round(t["embed"] / t["list_seconds"], 3)}), flush=True)
    m = {k: statistics.median(v) for k, v in rates.items()}
    print(f"median: --api {m['api']:.1f} tok/s, plain {'httpx' if httpx else 'asyncio'} client {m['plain']:.1f}, embedded "
          f"{m['embedded']:.1f}; --api/plain {m['api'] / m['plain']:.2f}, embedded/plain {m['embedded'] / m['plain']:.2f}")

main()
