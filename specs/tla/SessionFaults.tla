---------------------------- MODULE SessionFaults ----------------------------
(***************************************************************************)
(* Rules broken on purpose.  A configuration puts one of these in the     *)
(* place of a definition of Session (`Accepts <- AcceptsAlways'), and the *)
(* property that stands beside it in PROPERTIES must fail.  At the end:   *)
(* specifications that assume too little.                                 *)
(***************************************************************************)
EXTENDS SessionProperties

InitStarted ==                                           \* starts with its creation
  /\ setting \in DOMAIN Settings /\ state = "active" /\ accepting = TRUE /\ job = [j \in Jobs |-> "unused"]
  /\ maxTtl = Setting.max_ttl /\ interactive = Off /\ noSubmission = Off /\ phase = "requests"

LostIsAStatus == "lost"
LostIsRetried == "queued"

AcceptsAlways == TRUE
AcceptsUntilClosed == state # "closed"
StartsAtTheDeadline == state # "closed"
StartsAlways == TRUE
AbortsUnlessDraining == Setting.failure_policy = "abort" /\ accepting
FailsTheQueued == "failed"
LetsAFailedJob(j) == job[j] \in OnDevice \cup {"failed"}

TheProfilesLength == Setting.interactive_ttl
ATickTooShort == Setting.no_submission - 1

RunsWhileActive(s) == s = "active"
RunsWhileJobsAreQueued(s, a, js) == s = "active" /\ a /\ \A j \in DOMAIN js : js[j] \notin OnDevice
RunsWhateverWorks(s, a, js) == s = "active" /\ a
RunsWhileInactive(s, a, js) == s \in {"open", "inactive"} /\ a /\ NoWork(js) /\ Setting.no_submission > 0
RearmedAtAnyActivation(s) ==
  IF s = "active" /\ state = "inactive" THEN Setting.max_ttl
  ELSE Timer(maxTtl, MaxTtlRuns(s), Setting.max_ttl)

TakenNot(js) == js
TakenFromTheDevice(js) == [j \in DOMAIN js |->
  IF js[j] = "queued" THEN QueuedAtEnd ELSE IF js[j] = "running" THEN "failed" ELSE js[j]]
NeverDrained(js) == Becomes(state, accepting, js)
Reopens(js) == Becomes(IF state = "closed" THEN "inactive" ELSE state, accepting, js)

SubmitWakes ==
  /\ Requests /\ Unused # {} /\ Accepts
  /\ Becomes(IF state = "inactive" THEN "active" ELSE state, accepting, [job EXCEPT ![NextJob] = "queued"])
RefusalCloses == Requests /\ Unused # {} /\ ~Accepts /\ Closes(job)
SecondCloseCancels == Requests /\ ~accepting /\ Closes(job)
CloseFailsTheQueued ==
  /\ Requests /\ accepting
  /\ IF NoWork(job) THEN Closes(job) ELSE Becomes(state, FALSE, Taken(job))
CancelDrains == Requests /\ state # "closed" /\ Becomes(state, FALSE, job)

BeginsAndAccepts(j) == job[j] = "queued" /\ MayStart /\ Becomes("active", TRUE, [job EXCEPT ![j] = "running"])
BeginsInactive(j) ==
  /\ job[j] = "queued" /\ MayStart
  /\ Becomes(IF state = "inactive" THEN state ELSE "active", accepting, [job EXCEPT ![j] = "running"])
EndedAsReported(j, as) == [job EXCEPT ![j] = as]

GoesInactiveTooEarly == Timers /\ interactive \in {0, 1} /\ maxTtl # 0 /\ Becomes("inactive", accepting, job)
GoesInactiveFirst == Timers /\ interactive = 0 /\ Becomes("inactive", accepting, job)
NobodyLooks == TRUE
TimersAreSkipped ==
  /\ phase = "reports" /\ phase' = "requests"
  /\ UNCHANGED <<setting, state, accepting, job, maxTtl, interactive, noSubmission>>

TimeMayStop == Spec /\ JobsStart /\ JobsEnd
JobsMayWait == Spec /\ TimeGoesOn /\ JobsEnd
JobsMayRunForEver == Spec /\ TimeGoesOn /\ JobsStart
=============================================================================
