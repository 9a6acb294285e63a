#!/usr/bin/env python3
"""A server that echoes prompts with log-probabilities in vLLM's format, for no such server runs on a test machine: llama-server does not echo. It has no
model: a token (a word with the space before it) gets -0.1 a character, a capital letter alone -1 times its place in the alphabet. What is
tested with it is what is asked and how the answer is read, not a model.

    echo_server.py PORT
"""
import http.server
import json
import re
import sys


def logp(token):
    word = token.strip()
    return -float(ord(word) - 64) if len(word) == 1 and word.isupper() else -0.1 * len(word)


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": "echo", "object": "model", "owned_by": "vllm"}]})
        else:
            self.answer(404, {"error": {"message": "not here"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/completions":
            self.answer(404, {"error": {"message": "not here"}})
            return
        prompt = re.findall(r"\s*\S+|\s+$", body["prompt"]) if body.get("echo") else []
        tokens = prompt + [" end"]
        numbers = [None if i == 0 and prompt else logp(t) for i, t in enumerate(tokens)]
        choice = {"index": 0, "text": "".join(tokens), "finish_reason": "length"}
        if body.get("logprobs") is not None:
            choice["logprobs"] = {"tokens": tokens, "token_logprobs": numbers, "top_logprobs": [None] + [{t: n} for t, n in zip(tokens[1:], numbers[1:])],
                                  "text_offset": [0] * len(tokens)}
        self.answer(200, {"object": "text_completion", "model": "echo", "choices": [choice],
                          "usage": {"prompt_tokens": max(len(prompt), 1), "completion_tokens": 1, "total_tokens": len(prompt) + 1}})

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Server).serve_forever()
