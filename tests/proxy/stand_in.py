#!/usr/bin/env python3
"""A server in the shapes that real ones were seen to have, for what needs no model: which fields it refuses, what its numbers mean, how it
fails. What it was asked goes into LOG, a JSON object a line. A token is a word with the space before it; its id is a number for each word.

    stand_in.py PORTFILE LOG '{"owner": "vllm", ...}'

owner       of the model in /v1/models (vllm)
text        of every answer
logprobs    "raw": the same at each temperature; "processed": 0 when one token is left; "scaled": by temperature
thinks      "always", or "unless asked": chat content is null, the text stands in "reasoning"
silent      chat content is null and nothing stands elsewhere
refuses     {field: sentence}: status 400
fails       [path, status, n]: the first n requests of a path
no_v1       true: paths without /v1 are 404 (they always are), and this says so in its words
cut         answers end after so many tokens, by "length"
offers      ["tokens"]: /tokenize, prompt_logprobs, logprob_token_ids
"""
import http.server
import json
import re
import sys
import threading

CONFIG = json.loads(sys.argv[3])
LOCK = threading.Lock()
IDS = {}
END, BEGIN = 1, 2


def words(text):
    return re.findall(r"\s*\S+|\s+$", text)


def token_id(word):
    with LOCK:
        return IDS.setdefault(word, 10 + len(IDS))


def word_of(number):
    with LOCK:
        return next((w for w, n in IDS.items() if n == number), "")


def logp(word):
    """A capital letter alone: -1 times its place in the alphabet; a word -0.1 a character."""
    bare = word.strip()
    return -float(ord(bare) - 64) if len(bare) == 1 and bare.isupper() else -0.1 * len(bare)


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def say(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        known = {"/v1/models": {"data": [{"id": "stand-in", "owned_by": CONFIG.get("owner", "vllm")}]}, "/version": {"version": "0"}}
        self.say(*((200, known[self.path]) if self.path in known else (404, {"error": {"message": "not here"}})))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with LOCK, open(sys.argv[2], "a", encoding="utf-8") as log:
            log.write(json.dumps({"path": self.path, "body": body}) + "\n")
        fails = CONFIG.get("fails")
        if fails and fails[0] == self.path and fails[2] > 0:
            fails[2] -= 1
            return self.say(fails[1], {"error": {"message": "not ready"}})
        for field, sentence in CONFIG.get("refuses", {}).items():
            if field in body:
                return self.say(400, {"error": {"message": sentence}})
        if self.path == "/tokenize" and "tokens" in CONFIG.get("offers", []):
            return self.say(200, {"tokens": self.tokens_of(body)})
        if self.path == "/v1/chat/completions":
            return self.chat(body)
        if self.path == "/v1/completions":
            return self.complete(body)
        return self.say(404, {"error": {"message": "not here"}})

    def tokens_of(self, body):
        """A template: BEGIN, the words, END for each message; BEGIN where an answer is to come."""
        if "prompt" in body:
            return [token_id(w) for w in words(body["prompt"])]
        out = []
        for message in body["messages"]:
            out += [BEGIN] + [token_id(w) for w in words(" " + message["content"])] + [END]
        return out + [BEGIN] if body.get("add_generation_prompt") else out

    def number(self, word, body):
        kind, t = CONFIG.get("logprobs", "raw"), body.get("temperature", 1)
        return 0.0 if kind == "processed" else logp(word) / t if kind == "scaled" and t else logp(word)

    def answer(self, body):
        text = CONFIG.get("text", "Zeus rules the sky and throws thunderbolts at those who anger him.")
        for stop in body.get("stop", []):
            text = text.split(stop)[0]
        said = words(text)
        most = min(body.get("max_tokens", 16), CONFIG.get("cut", 1 << 20))
        return said[:most], "length" if len(said) > most else "stop"

    def chat(self, body):
        said, finish = self.answer(body)
        text = "".join(said)
        message = {"role": "assistant", "content": text}
        asked = not (body.get("chat_template_kwargs") or {}).get("enable_thinking", True)
        thinks = CONFIG.get("thinks") == "always" or (CONFIG.get("thinks") == "unless asked" and not asked)
        if thinks or CONFIG.get("silent"):
            message = {"role": "assistant", "content": None, "reasoning": text if thinks else None}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        if body.get("logprobs"):
            choice["logprobs"] = {"content": [{"token": w, "logprob": self.number(w, body), "top_logprobs": []} for w in said]}
        self.say(200, {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": len(said) + (finish == "stop")}})

    def complete(self, body):
        if isinstance(body["prompt"], list):
            return self.score(body)
        said, finish = self.answer(body)
        choice = {"index": 0, "text": "".join(said), "finish_reason": finish}
        if body.get("logprobs") is not None and not body.get("echo"):
            name = (lambda w: "token_id:%d" % token_id(w)) if body.get("return_tokens_as_token_ids") else (lambda w: w)
            top = {name(w): self.number(w, body) for w in said[:1]}
            for number in body.get("logprob_token_ids", []):
                top["token_id:%d" % number] = logp(word_of(number))
            choice["logprobs"] = {"tokens": [name(w) for w in said], "token_logprobs": [self.number(w, body) for w in said],
                                  "top_logprobs": [top] * len(said)}
        self.say(200, {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": len(said)}})

    def score(self, body):
        """prompt_logprobs: template tokens -0.5, words as ever; a word that begins with a small letter is the likeliest."""
        if "tokens" not in CONFIG.get("offers", []):
            return self.say(400, {"error": {"message": "prompt is a text"}})
        places = [None]
        for number in body["prompt"][1:]:
            word = word_of(number).strip()
            likeliest = number in (BEGIN, END) or word[:1].islower()
            places.append({str(number): {"logprob": logp(word) if word else -0.5, "rank": 1 if likeliest else 2}})
        self.say(200, {"choices": [{"index": 0, "text": "", "finish_reason": "length", "prompt_logprobs": places}], "usage": {}})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
with open(sys.argv[1], "w", encoding="utf-8") as f:
    f.write(str(server.server_address[1]))
server.serve_forever()
