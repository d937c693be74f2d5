import io
import json

import numpy as np
import pytest
from fake_server import answered
from posterior import Conflict, Posterior, Retries, RunFailed

RUN = {"id": "R1", "kind": "train", "status": "running", "failure": None}
ENDED = {**RUN, "status": "finished"}


def metric(number, name="progress", value=0.5):
    return f"id: {number}\nevent: metric\ndata: {json.dumps({'sequence': number, 'name': name, 'value': value, 'epoch': 1})}\n\n"


def stream(*events):
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (head + "".join(f"{len(event):x}\r\n{event}\r\n" for event in events)).encode()


def end(number, run=ENDED):
    return f":\n\nid: {number}\nevent: end\ndata: {json.dumps(run)}\n\n"


def started(fake, *answers):
    one = fake(answered(202, RUN, "Location: /v1/runs/R1"), *answers)
    return one, Posterior(one.address, retries=Retries(total=5, first=0.001)).start_run("train", recipe={"family": "vae"})


def test_a_run_is_started_and_followed_to_its_end(fake):
    one, run = started(fake, (stream(metric(1, value=0.25), metric(2, "seconds_left", 3.0), end(3)), "cut"))
    events = list(run.events())
    assert [(event.name, event.value, event.is_end) for event in events] == [
        ("progress", 0.25, False),
        ("seconds_left", 3.0, False),
        (None, None, True),
    ]
    assert run.status == "finished" and events[0].epoch == 1
    assert json.loads(one.asked[0].body) == {"kind": "train", "recipe": {"family": "vae"}} and one.asked[0].target == "/v1/admin/runs"


def test_events_go_on_where_they_broke_off(fake):
    half = metric(3)[:-20]
    one, run = started(fake, (stream(metric(1), metric(2), half), "cut"), None, (stream(metric(3), end(4)), "cut"))
    assert [event.id for event in run.events()] == ["1", "2", "3", "4"]
    assert [asked.headers.get("last-event-id") for asked in one.asked[1:]] == [None, "2", "2"]


def test_a_client_that_has_the_end_hears_no_more(fake):
    _, run = started(fake, b"HTTP/1.1 204 No Content\r\n\r\n")
    assert list(run.events(after=4)) == []


def test_events_of_a_server_that_is_gone_end_with_its_error(fake):
    one, run = started(fake)
    one.answers += [answered(404, {"detail": "There is no run."})]
    with pytest.raises(Exception, match="no run"):
        list(run.events())


def test_a_run_that_failed_raises(fake):
    _, run = started(fake, (stream(end(1, {**RUN, "status": "failed", "failure": "no data"})), "cut"))
    with pytest.raises(RunFailed, match="no data"):
        run.wait()


def test_waiting_can_have_an_end(fake):
    quiet = [answered(200, RUN), answered(200, {"metrics": [], "next_after": 0})]
    _, run = started(fake, *(50 * quiet))
    with pytest.raises(TimeoutError, match="goes on"):
        run.wait(timeout=0.1)


def test_progress_is_a_line(fake, capsys):
    _, run = started(fake, (stream(metric(1, value=0.25), metric(2, "seconds_left", 3.0), end(3)), "cut"))
    run.wait(progress=True)
    shown = capsys.readouterr().err
    assert "25 %, 3 s left" in shown and shown.rstrip().endswith("finished")


def test_an_audit_can_be_waited_for(server, garments):
    model, attack = server.model("fashion-mnist"), {"steps": 5, "restarts": 1, "budgets": [0.5]}
    run = model.robustness(garments[:2], attack=attack, seed=3, wait=False)
    names = []
    assert run.wait(progress=lambda event: names.append(event.name)).status == "finished"
    assert "damage_area" in names and names[-1] is None
    report, direct = run.report(), model.robustness(garments[:2], attack=attack, seed=3)
    assert dict(report) == dict(direct) and report.receipt.seed == direct.receipt.seed == 3 and report.sane in (True, False)
    assert run.read("curves.png").startswith(b"\x89PNG") and "report.csv" in run.documents
    assert [event.name for event in run.metrics()][: len(names) - 1] == names[:-1]
    with pytest.raises(Conflict):
        run.cancel()
    assert server.run(run.id).wait(timeout=5).status == "finished"


def test_an_audit_can_be_ended(server, garments):
    run = server.model("fashion-mnist").robustness(garments, attack={"steps": 10000, "restarts": 50}, wait=False)
    assert run.cancel().status == "cancelled"
    with pytest.raises(RunFailed, match="cancelled"):
        run.wait()


def test_targets_and_labels_are_sent(server, garments):
    attack = {"objective": "latent", "steps": 2, "restarts": 1, "budgets": [0.5], "margins": False}
    report = server.model("fashion-mnist").robustness(garments[:1], targets=garments[1:2], attack=attack, seed=1)
    assert report["threat_model"]["objective"].startswith("latent")


def test_a_recorded_request_is_replayed(server, garments):
    kept = server.run(server.model("fashion-mnist").encode(garments.tolist(), record=True).receipt.run)
    assert kept.kind == "inference" and kept.replay().equal
    file = io.BytesIO()
    np.save(file, garments)
    private = server.run(server.model("fashion-mnist").reconstruct(garments, seed=1).receipt.run)
    assert private.replay(file.getvalue()).equal


def test_runs_are_found(server, garments):
    seed = server.model("fashion-mnist").sample(1).receipt.seed
    found = list(server.runs(filter=f"seed = {seed}", order_by="started_at desc", kind="inference", model="fashion-mnist"))
    assert [run.document["seed"] for run in found] == [seed]
