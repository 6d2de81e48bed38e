"""A team's web function that runs tests, as MODAL_EXECUTE_URL names one."""
import asyncio
import json
import tempfile
import time
import urllib.parse

SEE_OTHER = 303
ARGUMENT = "__modal_function_call_id"


async def run_case(code, case, limit):
    began = time.monotonic()
    with tempfile.NamedTemporaryFile("w", suffix=".py") as fp:
        fp.write(code)
        fp.flush()
        child = await asyncio.create_subprocess_exec(
            "/usr/bin/python3", "-I", fp.name, stdin=-1, stdout=-1,
            stderr=-1)
        try:
            out, err = await asyncio.wait_for(
                child.communicate(case["input"].encode()), limit)
        except asyncio.TimeoutError:
            child.kill()
            await child.communicate()
            out, err = b"", b"timed out"
    result = {"name": case["name"], "hidden": case["hidden"],
              "output": out.decode("utf-8", "replace"),
              "passed": child.returncode == 0 and
              out.split() == case["expected"].encode().split(),
              "duration": round((time.monotonic() - began) * 1000, 1)}
    if child.returncode != 0:
        result["error"] = err.decode("utf-8", "replace") or "it failed"
    return result


def hostile(mode, results):
    """What no function should answer."""
    good = answer_of(results)
    first = dict(results[0]) if results else {}
    return {
        "wrong-count": dict(good, passedTests=good["totalTests"] + 1),
        "missing": dict(good, testResults=results[1:]),
        "doubled": dict(good, testResults=results + [first]),
        "foreign": dict(good, testResults=[dict(first, name="x")] +
                        results[1:]),
        "types": dict(good, testResults=[dict(first, passed="yes")] +
                      results[1:]),
        "no-list": dict(good, testResults={"a": 1}),
        "failure": {"success": False, "testResults": [],
                    "error": "no such language"},
        "array": [1, 2, 3],
        "long": dict(good, padding="x" * (20 << 20)),
    }[mode]


def answer_of(results):
    passed = sum(r["passed"] for r in results)
    return {"success": True, "testResults": results,
            "totalTests": len(results), "passedTests": passed,
            "failedTests": len(results) - passed,
            "executionTime": round(sum(r["duration"] for r in results))}


class Web:
    def __init__(self, knobs):
        self.knobs = knobs
        self.calls = {}
        self.counts = {"post": 0, "see_other": 0, "last": None}
        self.refuse = []

    def let_in(self, headers):
        return all(not wanted or headers.get(name) == wanted
                   for name, wanted in (("modal-key", self.knobs.web_key),
                                        ("modal-secret",
                                         self.knobs.web_secret)))

    async def run(self, body):
        asked = json.loads(body)
        self.counts["last"] = asked
        if asked["language"] != "python":
            return {"success": False, "testResults": [],
                    "error": "no such language"}
        if self.knobs.web_secs:
            await asyncio.sleep(self.knobs.web_secs)
        results = [await run_case(asked["code"], case, 10)
                   for case in asked["testCases"]]
        mode = self.knobs.web_mode
        return hostile(mode, results) if mode else answer_of(results)

    async def answer(self, method, target, headers, body):
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.refuse:
            return self.refuse.pop(0), "text/plain", b"injected"
        if not self.let_in(headers):
            return 401, "text/plain", b"modal-http: missing credentials\n"
        if self.knobs.web_mode == "html":
            return 200, "text/html", b"<html><h1>A proxy's page</h1></html>"
        if method == "POST":
            self.counts["post"] += 1
            n = str(len(self.calls))
            self.calls[n] = asyncio.ensure_future(self.run(body))
        elif ARGUMENT in query:
            n = query[ARGUMENT]
        else:
            return 405, "text/plain", b""
        if self.knobs.web_mode == "elsewhere":
            return SEE_OTHER, "text/plain", b"", \
                ("Location", "https://127.0.0.2:1/steal")
        try:
            done = await asyncio.wait_for(asyncio.shield(self.calls[n]),
                                          self.knobs.web_hop_secs)
        except asyncio.TimeoutError:
            self.counts["see_other"] += 1
            return SEE_OTHER, "text/plain", b"", (
                "Location", "%s?%s=%s" % (url.path, ARGUMENT, n))
        except (KeyError, TypeError, ValueError) as e:
            return 422, "text/plain", repr(e).encode()
        return 200, "application/json", json.dumps(done).encode()
