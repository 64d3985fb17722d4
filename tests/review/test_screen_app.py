"""The screening page: who may use it, what it keeps, and that nothing in a record can run."""

from __future__ import annotations

import asyncio

import pytest

from review.small_review import decide, ris, small_review
from synthassay.errors import DataError
from synthassay.records.review import Stage
from synthassay.review.screen_app import screening_app

httpx = pytest.importorskip("httpx")

PORT, TOKEN = 8765, "t" * 32
HOST = {"host": f"127.0.0.1:{PORT}"}


class Browser:
    """Sends requests to the app in this process and keeps its cookies."""

    def __init__(self, app):
        self.transport, self.cookies = httpx.ASGITransport(app=app), httpx.Cookies()

    def request(self, method, path, *, follow_redirects=True, **more):
        async def send():
            async with httpx.AsyncClient(
                transport=self.transport, base_url=f"http://127.0.0.1:{PORT}", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, follow_redirects=follow_redirects, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(send())

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)


def client_of(path, reviewer="anna", *, enter=True):
    client = Browser(screening_app(path, reviewer, token=TOKEN, port=PORT))
    if enter:
        assert client.get("/enter", params={"token": TOKEN}).status_code == 200
    return client


def secret_of(page):
    return page.text.split('name="secret" value="')[1].split('"')[0]


@pytest.fixture
def project(tmp_path):
    return small_review(tmp_path / "review")


def post(client, page, record, choice, **more):
    data = {"secret": secret_of(page), "record": record, "stage": "title_abstract", "choice": choice, **more}
    return client.post("/decide", data=data)


def test_a_decision_is_on_the_disk_and_the_next_report_shows(project):
    client = client_of(project.path)
    page = client.get("/")
    assert "8 of 8 reports wait for you" in page.text
    after = post(client, page, "pubmed-00001", "include", note="good")
    assert "7 of 8 reports wait" in after.text
    assert "pubmed-00002" in after.text
    (kept,) = project.decisions()
    assert (kept.record, kept.reviewer, kept.choice, kept.note) == ("pubmed-00001", "anna", "include", "good")
    assert kept.at.endswith("Z")


def test_a_killed_server_loses_nothing(project):
    post(client_of(project.path), client_of(project.path).get("/"), "pubmed-00001", "include")  # wrong secret: refused
    assert project.decisions() == ()
    client = client_of(project.path)
    post(client, client.get("/"), "pubmed-00001", "include")
    again = client_of(project.path)
    assert "7 of 8" in again.get("/").text


def test_undo_is_a_line_and_brings_the_report_back(project):
    client = client_of(project.path)
    page = post(client, client.get("/"), "pubmed-00001", "exclude", reason="phantom_only")
    assert "Kept: exclude, Phantoms only" in page.text
    page = post(client, page, "pubmed-00001", "undo")
    assert "8 of 8" in page.text
    assert [d.choice for d in project.decisions()] == ["exclude", "undo"]


def test_nobody_is_led_by_others_but_the_consensus_sees_all(project):
    decide(project, "pubmed-00001", "title_abstract", "include", by=("bert",))
    assert "bert" not in client_of(project.path).get("/").text
    decide(project, "pubmed-00001", "title_abstract", "exclude", by=("anna",))
    page = client_of(project.path, "consensus").get("/").text
    assert "1 of 8 reports are in conflict" in page
    assert "bert: include" in page and "anna: exclude" in page


def test_full_text_needs_a_reason(project):
    decide(project, "pubmed-00001", "title_abstract", "include")
    client = client_of(project.path)
    page = client.get("/", params={"stage": "full_text"})
    answer = post(client, page, "pubmed-00001", "exclude", stage="full_text")
    assert answer.status_code == 422
    assert "excluded without a reason" in answer.text
    assert not [d for d in project.decisions() if d.stage is Stage.FULL_TEXT]


def test_script_in_a_record_stays_text(tmp_path):
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    project = small_review(tmp_path / "review", texts=[ris(0, title=evil, author=evil, abstract=evil), ris(1)])
    answer = client_of(project.path).get("/")
    assert "<script" not in answer.text and "<img" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_strangers_are_refused(project):
    outside = client_of(project.path, enter=False)
    assert outside.get("/").status_code == 401
    assert outside.get("/enter", params={"token": "wrong"}).status_code == 403
    assert outside.post("/decide", data={}).status_code == 401
    inside = client_of(project.path)
    page = inside.get("/")
    assert inside.get("/", headers={"host": "evil.example"}).status_code == 421
    data = {"secret": secret_of(page), "record": "pubmed-00001", "stage": "title_abstract", "choice": "include"}
    assert inside.post("/decide", data=data, headers={"origin": "http://evil.example"}).status_code == 403
    assert inside.post("/decide", data={**data, "secret": "guess"}).status_code == 403
    assert inside.post("/decide", data={k: v for k, v in data.items() if k != "secret"}).status_code == 422
    assert project.decisions() == ()
    cookie = inside.get("/enter", params={"token": TOKEN}, follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_unknown_reviewers_are_told_the_nearest_name(project):
    with pytest.raises(DataError, match="Did you mean: anna"):
        screening_app(project.path, "ana", token=TOKEN, port=PORT)
