#!/usr/bin/env python3
"""A proxy on loopback that breaks what it relays, by plan. For tests only.

usage: fault_proxy.py UPSTREAM_PORT PLAN LOG
PLAN: steps separated by commas, one for each generation request (POST .../completions) in the order of arrival; after the last
one everything is relayed unharmed. Other requests always are. The port stands on the first line of stdout; the end of stdin ends it.

  ok             relayed unharmed
  drop           the connection is closed without an answer, nothing is relayed
  lost           relayed, but the answer never arrives: the connection is closed instead
  cut            half of the answer's body, then the connection is closed
  half           half of the body as if it were whole
  garbage        a body that is no JSON
  html           a gateway's web page
  empty          no body
  longer         a Content-Length beyond the body, then the connection is closed
  shorter        a Content-Length short of the body
  slow           the body byte by byte, 1 ms apart at first
  stall:S        S seconds of nothing, then the connection is closed
  NNN            this HTTP status with an error body
  NNN:S          and Retry-After: S seconds
  NNN:date:S     and Retry-After as a date S seconds from now
  redirect       to another address

LOG gets a line for each generation request: the step, "answered" or "failed", and a hash of the request's body."""
import email.utils, hashlib, http.client, http.server, json, os, socket, sys, threading, time

upstream, plan, log_path = int(sys.argv[1]), [s for s in sys.argv[2].split(",") if s], sys.argv[3]
lock = threading.Lock()

def next_step():
    with lock:
        return plan.pop(0) if plan else "ok"

def log(step, answered, body):
    with lock, open(log_path, "a") as f:
        f.write(f"{step} {'answered' if answered else 'failed'} {hashlib.sha1(body).hexdigest()}\n")

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def relay(self, body):
        c = http.client.HTTPConnection("127.0.0.1", upstream, timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
        c.request(self.command, self.path, body if self.command == "POST" else None, headers)
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, data

    def answer(self, status, data, length=None, extra=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for k, v in extra:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def close(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def status_step(self, step):
        code, *rest = step.split(":")
        extra = []
        if rest and rest[0] == "date":
            extra = [("Retry-After", email.utils.formatdate(time.time() + float(rest[1]), usegmt=True))]
        elif rest:
            extra = [("Retry-After", rest[0])]
        # As some servers do, it repeats the key that it was sent.
        message = f"scripted failure {code} for {self.headers.get('Authorization', 'nobody')}"
        self.answer(int(code), json.dumps({"error": {"message": message}}).encode(), extra=extra)

    def harm(self, step, body):
        """Returns whether the client has got a whole answer."""
        if step == "drop":
            return self.close()
        if step.startswith("stall:"):
            time.sleep(float(step[6:]))
            return self.close()
        if step[0].isdigit():
            return self.status_step(step)
        if step == "redirect":
            return self.answer(307, b"", extra=[("Location", "http://127.0.0.1:1/elsewhere")])
        if step == "garbage":
            return self.answer(200, b"\xff\xfe}{ Zeus \x00")
        if step == "html":
            return self.answer(200, b"<html><body>Bad Gateway</body></html>")
        if step == "empty":
            return self.answer(200, b"")
        status, data = self.relay(body)
        half = data[:len(data) // 2]
        if step == "lost":
            return self.close()
        if step == "cut":
            self.answer(status, half, len(data))
            return self.close()
        if step == "half":
            return self.answer(status, half)
        if step == "longer":
            self.answer(status, data, len(data) + 100)
            return self.close()
        if step == "shorter":
            self.answer(status, data, len(data) - 10)
            return self.close()
        if step == "slow":
            self.answer(status, b"", len(data))
            for i, b in enumerate(data):
                self.wfile.write(bytes([b]))
                if i < 300:
                    time.sleep(0.001)
            return True
        assert step == "ok", step
        self.answer(status, data)
        return status == 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        generation = self.path.endswith("/completions")
        step = next_step() if generation else "ok"
        answered = False
        try:
            answered = bool(self.harm(step, body))
        except (OSError, http.client.HTTPException):
            self.close()
        if generation:
            log(step, answered, body)

    do_GET = do_POST

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
