"""What the rules say, each in the sentence of ``specs/``: a page must explain itself where no ``specs/`` are at hand.

A test holds it against the pages; markup is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, str]] = {
    "S-01": (
        "A new session is open and accepting. Nothing has started, nothing is charged and no device is held; of "
        "its times only created_at is set."
    ),
    "S-02": (
        "An unknown device, or a max_time that is zero, negative, malformed or above the profile's ceiling, "
        "refuses the session and leaves nothing behind. Lengths of time are read strictly."
    ),
    "S-03": (
        "Without a max_time the profile's ceiling counts. The interactive TTL is the profile's, never the user's,"
        " and is cut to the session's max TTL; active_ttl is shown and used by no rule."
    ),
    "S-04": (
        "An instance whose plan has no sessions either gets job mode instead (creation succeeds without an id, "
        "and its jobs carry no session), or is refused with HTTP 400 and code 1352. The profile's plan_denied "
        "says which."
    ),
    "S-05": (
        "A session that accepts queues its jobs in the order of submission, whatever primitive and whatever "
        "thread they come from."
    ),
    "S-06": (
        "A session that does not accept refuses a submission with code 1217, “Session has been closed.”, and HTTP"
        " 400. This is looked at before any other reason to refuse, no job comes to be, and nothing changes."
    ),
    "S-07": (
        "A max_execution_time that is not above zero, or longer than the session's max TTL, refuses the job with "
        "code 1208. Zero and negative ones are refused in job mode too."
    ),
    "S-08": (
        "A job for an inactive session waits in the device's queue, and the session stays inactive until that job"
        " starts."
    ),
    "S-09": (
        "A session starts when its first job starts, neither at its creation nor at a submission. started_at and "
        "activated_at are that instant."
    ),
    "S-10": (
        "The max TTL timer is armed once, due at started_at + max_ttl. It neither moves nor pauses, whether the "
        "session is inactive or draining or its device is paused."
    ),
    "S-11": (
        "A job that starts in an inactive session makes it active: activated_at is that instant, while started_at"
        " and the max TTL stay as they were."
    ),
    "S-12": (
        "While a session is active, its queued jobs start before those of every workload that is not active. That"
        " is what a session is for."
    ),
    "S-13": (
        "The interactive timer is armed exactly while the session is active, accepting and without work. It is "
        "due at the moment its work ran out plus the interactive TTL."
    ),
    "S-14": (
        "When the interactive timer fires, the session becomes inactive and lets the device go. That is no end: "
        "it still accepts (S-08) and can become active again (S-11)."
    ),
    "S-15": (
        "At its max TTL the session closes at once with the reason max_ttl: queued jobs fail, jobs on the device "
        "go on to their own end. None of its jobs starts at or after that deadline."
    ),
    "S-16": (
        "A session that never started, accepts and has no work closes with the reason no_submission once that has"
        " lasted for the time of that name, counted from its creation or from the moment its work ran out."
    ),
    "S-17": (
        "Closing with work left stops acceptance and changes nothing else: state and reason stay, and what was "
        "accepted still runs, within the max TTL. The session is now “draining”."
    ),
    "S-18": "Closing without work left closes at once, from any state, with the reason closed.",
    "S-19": (
        "A draining session closes in the very step in which its last work ends, in whatever way that ends. It "
        "does not wait for the interactive timer, and the device is free for others in that instant."
    ),
    "S-20": (
        "Cancelling closes the session at once from any state, draining included, with the reason cancelled: "
        "queued jobs fail, jobs on the device go on."
    ),
    "S-21": "Closing or cancelling what is closed succeeds and changes nothing; so does closing what is draining.",
    "S-22": (
        "Queued jobs that go down with their session are failed with code 1217; under queued_at_end=cancel they "
        "are cancelled, with the same code."
    ),
    "S-23": (
        "A job on the device when its session closes keeps its lane, counts as usage until it ends, ends with its"
        " own result and is noted in last_job_completed. It reopens nothing."
    ),
    "S-24": (
        "A job that fails changes nothing about its session. Under failure_policy=abort it closes it as a cancel "
        "would, with the reason job_failed, also while draining; a job that ran too long (J-05) counts as failed "
        "when its limit strikes, a job that its client cancelled does not count."
    ),
    "S-25": (
        "The last job that a job_limit allows ends acceptance, as a close with work would. Usage that reaches a "
        "usage_limit closes the session at the first such microsecond with the reason usage_limit, and no job of "
        "it starts from then on."
    ),
    "J-01": (
        "A job is queued, runs, and ends completed, failed or cancelled. Every accepted job reaches exactly one "
        "of these and never leaves it; last_job_completed is set whenever a job leaves the device, whatever its "
        "outcome."
    ),
    "J-02": "Cancelling a queued job ends it at once, and its session goes on.",
    "J-03": (
        "Cancelling a running job shows it as cancelled at once. It is “cancelling”: it keeps its lane, and is "
        "work of its session, until the device lets go; a result that still arrives frees the lane, is discarded "
        "and counted."
    ),
    "J-04": (
        "Cancelling what its client sees as ended, “cancelling” included, is refused with 409, and nothing "
        "changes."
    ),
    "J-05": (
        "A job that has run for its max_execution_time, or for the profile's cap if that is less (by default 3 "
        "h), is told to stop and shown as cancelled with code 1305. The limit watches running jobs only."
    ),
    "J-06": (
        "A running job that the device just lets go is lost: it failed, for the reason lost. Every other report "
        "for a job that is queued, ended or unknown is counted and changes nothing."
    ),
    "J-07": (
        "A job carries any number of tags, which can be replaced later. A query by tags finds the jobs that carry"
        " all of them."
    ),
    "J-08": "A private job hides its inputs and hands out its result once.",
    "J-09": (
        "An unknown id of a session or job is “not found” (404) to a client. An id used twice is the host's "
        "error, raised before anything else is looked at, and nothing changes."
    ),
    "D-01": "While a dedicated session is active, idle or not, no job of another workload starts on its device.",
    "D-02": (
        "A dedicated session's first start, and each one after an inactive time, waits until no other workload "
        "has a job on the device."
    ),
    "D-03": (
        "Queued jobs of active sessions come first, oldest first. Then comes the queue, where a session stands at"
        " its oldest queued job and a job of its own at its submission. The first of this order is never "
        "overtaken: if it cannot start yet, everything behind it waits."
    ),
    "D-04": (
        "Batches and jobs of their own share the lanes. A batch keeps every timer and every end of a session; "
        "while idle it blocks nobody."
    ),
    "D-05": (
        "A device that is paused or offline starts nothing. Running jobs end, queued jobs stay queued, and timers"
        " go on."
    ),
    "D-06": "The least busy device is the operational one with the shortest queue.",
    "U-01": (
        "The usage of a dedicated session is the sum of its active windows. A window opens when a job makes it "
        "active, and ends when it becomes inactive or closes or, if that is later, when its last job leaves the "
        "device."
    ),
    "U-02": (
        "The usage of a batch is the time that its jobs held lanes, added up. The usage of a job, in any mode, is"
        " the time that it held its own."
    ),
    "T-01": (
        "Everything has a time, given by the host in whole microseconds. Within one microsecond reports come "
        "first, then timers, then requests; among equals the order is the one given."
    ),
    "T-02": (
        "A timer takes effect at its deadline, however late it is noticed, and what follows is stamped with the "
        "deadline. Timers fire in the order of their deadlines; at one instant max TTL, usage limit, interactive,"
        " no submission, execution limit; then older sessions and jobs first."
    ),
    "T-03": (
        "The passing of time is a step (advance) and never a side effect of a request, so a refused request "
        "changes nothing at all. An event handed in before the timers that precede it have fired is the host's "
        "error: it raises, and nothing has changed."
    ),
    "T-04": (
        "An event before the latest one is the host's error: it raises, and nothing has changed. A host stamps "
        "what arrives with the time of arrival."
    ),
    "T-05": (
        "After every report, timer and request, whatever may start starts, at that instant and in the order of "
        "D-03, before anything else is looked at. The decision is the start; a device reports only ends."
    ),
    "T-06": (
        "Time in which the service was down counts as the device being offline (D-05): timers fired at their "
        "deadlines, and nothing started in the past."
    ),
    "V-01": (
        "“Pending” for open and inactive; “In progress, accepting new jobs” and “In progress, not accepting new "
        "jobs” for active; “Closed”. The wire words pending_inactive and pending_closed are understood and never "
        "sent."
    ),
    "V-02": (
        "id, backend_name, interactive_timeout, max_time, active_timeout, state, accepting_jobs, "
        "last_job_started, last_job_completed, started_at, closed_at, activated_at, mode and usage_time."
    ),
    "V-03": (
        "Every refusal names its rule, says in which state the session is and by which last steps it came there, "
        "and what to do instead."
    ),
}
"""The sentence of every rule, by its id."""
