------------------------------- MODULE Session -------------------------------
(***************************************************************************)
(* One dedicated session alone on its device, with its jobs and timers:   *)
(* the rules of specs/rules.md stated a second time, by hand, from the    *)
(* rules and not from the code.  The host says when a job starts.         *)
(*                                                                         *)
(* Time is counted in ticks.  An instant has three phases (T-01):         *)
(* reports, then timers, then requests.  A report that comes after the    *)
(* timers of its instant meets the session as it is by then, so reports   *)
(* may come in the last phase too.                                         *)
(*                                                                         *)
(* Every action is named after its event and the event's outcome:         *)
(*    ...Done      it takes effect                                        *)
(*    ...Refused   the client's error; nothing changes                    *)
(*    ...Nothing   accepted, but there is nothing to do                   *)
(* An action is a conjunction at its top, because TLC names the edges of  *)
(* its graph after the innermost definition that is not a disjunction.    *)
(***************************************************************************)
EXTENDS Integers, Sequences

CONSTANT Settings  \* sequence of records: jobs, max_ttl, interactive_ttl, no_submission (0: off), failure_policy, queued_at_end

VARIABLES
  setting,         \* which of the Settings; it never changes, so that one run tells the graphs of all of them
  state,
  accepting,
  job,             \* the status of each job that there may be
  maxTtl,          \* ticks left until the max TTL, 0: due in this very instant, Off: not running
  interactive,     \* the same of the interactive timer
  noSubmission,    \* the same of the no-submission timer
  phase            \* of the instant

vars == <<setting, state, accepting, job, maxTtl, interactive, noSubmission, phase>>

Setting == Settings[setting]
Jobs == 1 .. Setting.jobs
Off == -1

States == {"open", "active", "inactive", "closed"}
OnDevice == {"running", "cancelling"}
Final == {"completed", "failed", "cancelled"}
Statuses == {"unused", "queued"} \cup OnDevice \cup Final
Phases == {"reports", "timers", "requests"}

(***************************************************************************)
(* What the rules speak of.  `s', `a' and `js' are a state, whether it    *)
(* accepts, and the statuses of the jobs, as they will be after a step.   *)
(***************************************************************************)
NoWork(js) == \A j \in DOMAIN js : js[j] \notin {"queued"} \cup OnDevice
Unused == {j \in Jobs : job[j] = "unused"}
NextJob == CHOOSE j \in Unused : \A k \in Unused : j <= k

Accepts == accepting                                     \* S-05, S-06
MayStart == state # "closed" /\ maxTtl # 0               \* S-15: not at the deadline, nor after it
Aborts == Setting.failure_policy = "abort"               \* S-24
QueuedAtEnd == IF Setting.queued_at_end = "cancel" THEN "cancelled" ELSE "failed"  \* S-22
Lost == "failed"                                         \* J-06
Lets(j) == job[j] \in OnDevice                           \* whether the device has this job to let go

InteractiveLength ==                                     \* S-03: the profile's, cut to the session's
  IF Setting.interactive_ttl < Setting.max_ttl THEN Setting.interactive_ttl ELSE Setting.max_ttl
NoSubmissionLength == Setting.no_submission

MaxTtlRuns(s) == s \in {"active", "inactive"}                              \* S-10
InteractiveRuns(s, a, js) == s = "active" /\ a /\ NoWork(js)               \* S-13
NoSubmissionRuns(s, a, js) ==                                              \* S-16
  s = "open" /\ a /\ NoWork(js) /\ Setting.no_submission > 0

\* A timer that must run goes on, or starts with its full length in this instant.
Timer(left, runs, length) == IF ~runs THEN Off ELSE IF left = Off THEN length ELSE left
MaxTtlLeft(s) == Timer(maxTtl, MaxTtlRuns(s), Setting.max_ttl)             \* S-10, S-11
Less(left) == IF left = Off THEN Off ELSE left - 1

Becomes(s, a, js) ==
  /\ state' = s
  /\ accepting' = a
  /\ job' = js
  /\ maxTtl' = MaxTtlLeft(s)
  /\ interactive' = Timer(interactive, InteractiveRuns(s, a, js), InteractiveLength)
  /\ noSubmission' = Timer(noSubmission, NoSubmissionRuns(s, a, js), NoSubmissionLength)
  /\ UNCHANGED <<setting, phase>>

\* S-22, S-23: an end takes what is queued with it; what is on the device goes on.
Taken(js) == [j \in DOMAIN js |-> IF js[j] = "queued" THEN QueuedAtEnd ELSE js[j]]
Closes(js) == Becomes("closed", FALSE, Taken(js))

\* S-19: the last work of a session that no longer accepts has ended.  Else only the jobs change.
GoesOn(js) == IF ~accepting /\ NoWork(js) THEN Closes(js) ELSE Becomes(state, accepting, js)

Reports == phase \in {"reports", "requests"}             \* T-01
Timers == phase = "timers"
Requests == phase = "requests"

(***************************************************************************)
(* Opening.                                                                *)
(***************************************************************************)
Init ==                                                  \* S-01, S-16
  /\ setting \in DOMAIN Settings
  /\ state = "open"
  /\ accepting = TRUE
  /\ job = [j \in Jobs |-> "unused"]
  /\ maxTtl = Off
  /\ interactive = Off
  /\ noSubmission = IF Setting.no_submission > 0 THEN Setting.no_submission ELSE Off
  /\ phase = "requests"

(***************************************************************************)
(* Requests of clients.                                                    *)
(***************************************************************************)
SubmitDone ==                                            \* S-05, S-08: queued, and nothing else
  /\ Requests
  /\ Unused # {}
  /\ Accepts
  /\ Becomes(state, accepting, [job EXCEPT ![NextJob] = "queued"])

SubmitRefused ==                                         \* S-06
  /\ Requests
  /\ Unused # {}
  /\ ~Accepts
  /\ UNCHANGED vars

CloseDone ==                                             \* S-17 with work, S-18 without
  /\ Requests
  /\ accepting
  /\ IF NoWork(job) THEN Closes(job) ELSE Becomes(state, FALSE, job)

CloseNothing ==                                          \* S-21: draining or closed
  /\ Requests
  /\ ~accepting
  /\ UNCHANGED vars

CancelDone ==                                            \* S-20
  /\ Requests
  /\ state # "closed"
  /\ Closes(job)

CancelNothing ==                                         \* S-21
  /\ Requests
  /\ state = "closed"
  /\ UNCHANGED vars

JobCancelDone ==                                         \* J-02 in the queue, J-03 on the device; S-19
  /\ Requests
  /\ \E j \in Jobs :
       \/ job[j] = "queued"  /\ GoesOn([job EXCEPT ![j] = "cancelled"])
       \/ job[j] = "running" /\ GoesOn([job EXCEPT ![j] = "cancelling"])

JobCancelRefused ==                                      \* J-04: final to the client; J-09: unknown
  /\ Requests
  /\ \E j \in Jobs : job[j] \notin {"queued", "running"}
  /\ UNCHANGED vars

(***************************************************************************)
(* Reports of the device, and the host's word that a job starts.          *)
(***************************************************************************)
Begins(j) ==                                             \* S-09 the first, S-11 from inactive
  /\ job[j] = "queued"
  /\ MayStart
  /\ Becomes("active", accepting, [job EXCEPT ![j] = "running"])

JobStartedDone ==
  /\ Reports
  /\ \E j \in Jobs : Begins(j)

JobStartedNothing ==                                     \* J-06
  /\ Reports
  /\ \E j \in Jobs : job[j] # "queued"
  /\ UNCHANGED vars

\* J-01; J-03: what arrives for a job that was cancelled only frees its lane.
Ended(j, as) == [job EXCEPT ![j] = IF job[j] = "cancelling" THEN "cancelled" ELSE as]

\* S-24: a job that failed by itself ends its session under `abort'; one that was cancelled does not.
GoesOnOrAborts(j, as) ==
  IF job[j] = "running" /\ Aborts THEN Closes(Ended(j, as)) ELSE GoesOn(Ended(j, as))

JobSucceededDone ==                                      \* J-01, S-19, S-23
  /\ Reports
  /\ \E j \in Jobs : Lets(j) /\ GoesOn(Ended(j, "completed"))

JobSucceededNothing ==                                   \* J-06: queued, ended or unknown
  /\ Reports
  /\ \E j \in Jobs : ~Lets(j)
  /\ UNCHANGED vars

JobFailedDone ==                                         \* J-01, S-19, S-23, S-24
  /\ Reports
  /\ \E j \in Jobs : Lets(j) /\ GoesOnOrAborts(j, "failed")

JobFailedNothing ==                                      \* J-06
  /\ Reports
  /\ \E j \in Jobs : ~Lets(j)
  /\ UNCHANGED vars

JobReleasedDone ==                                       \* J-06: the device lost it; S-19, S-23, S-24
  /\ Reports
  /\ \E j \in Jobs : Lets(j) /\ GoesOnOrAborts(j, Lost)

JobReleasedNothing ==                                    \* J-06
  /\ Reports
  /\ \E j \in Jobs : ~Lets(j)
  /\ UNCHANGED vars

(***************************************************************************)
(* Timers, in the order of T-02, and the passing of time.                 *)
(***************************************************************************)
MaxTtlExpiredDone ==                                     \* S-15
  /\ Timers
  /\ maxTtl = 0
  /\ Closes(job)

InteractiveTtlExpiredDone ==                             \* S-14
  /\ Timers
  /\ interactive = 0
  /\ maxTtl # 0
  /\ Becomes("inactive", accepting, job)

NoSubmissionExpiredDone ==                               \* S-16
  /\ Timers
  /\ noSubmission = 0
  /\ maxTtl # 0
  /\ interactive # 0
  /\ Closes(job)

NoneDue == maxTtl # 0 /\ interactive # 0 /\ noSubmission # 0

ReportsOverDone ==                                       \* T-01
  /\ phase = "reports"
  /\ phase' = "timers"
  /\ UNCHANGED <<setting, state, accepting, job, maxTtl, interactive, noSubmission>>

TimersOverDone ==                                        \* T-01, T-02: not before all that are due have fired
  /\ Timers
  /\ NoneDue
  /\ phase' = "requests"
  /\ UNCHANGED <<setting, state, accepting, job, maxTtl, interactive, noSubmission>>

TickDone ==                                              \* T-03: time passes by a step of its own; S-10: it never pauses
  /\ Requests
  /\ phase' = "reports"
  /\ maxTtl' = Less(maxTtl)
  /\ interactive' = Less(interactive)
  /\ noSubmission' = Less(noSubmission)
  /\ UNCHANGED <<setting, state, accepting, job>>

(***************************************************************************)
(* The whole, and what is assumed of those around it.                     *)
(***************************************************************************)
Clock ==
  \/ TickDone \/ ReportsOverDone \/ TimersOverDone
  \/ MaxTtlExpiredDone \/ InteractiveTtlExpiredDone \/ NoSubmissionExpiredDone
Requested ==
  \/ SubmitDone \/ SubmitRefused \/ CloseDone \/ CloseNothing \/ CancelDone \/ CancelNothing
  \/ JobCancelDone \/ JobCancelRefused
Starts == JobStartedDone \/ JobStartedNothing
Ends == JobSucceededDone \/ JobFailedDone \/ JobReleasedDone
IdleReports == JobSucceededNothing \/ JobFailedNothing \/ JobReleasedNothing

Next == Clock \/ Requested \/ Starts \/ Ends \/ IdleReports
Spec == Init /\ [][Next]_vars

(* Time goes on; what may start again and again does; what is on the device*)
(* ends.  The last two are strong: no job starts or ends in the phase of   *)
(* the timers, so neither stays possible for ever, as weak fairness asks.  *)
(* Few jobs make it enough to say so of any job: each starts once at most. *)
TimeGoesOn == WF_vars(Clock)
JobsStart == SF_vars(JobStartedDone)
JobsEnd == SF_vars(Ends)
FairSpec == Spec /\ TimeGoesOn /\ JobsStart /\ JobsEnd

(* Jobs differ in name only: two states that agree in how many jobs have   *)
(* which status lead to states that agree in it, by the same actions.  As  *)
(* a VIEW this more than halves a search, but it cannot tell the jobs of a *)
(* liveness property apart.  Each status counts in a digit of its own, to  *)
(* the base of four: there are at most three jobs.                         *)
Digit == [unused |-> 1, queued |-> 4, running |-> 16, cancelling |-> 64, completed |-> 256, failed |-> 1024,
          cancelled |-> 4096]
RECURSIVE Tally(_)
Tally(j) == IF j = 0 THEN 0 ELSE Digit[job[j]] + Tally(j - 1)
JobsUnnamed == <<setting, state, accepting, Tally(Len(job)), maxTtl, interactive, noSubmission, phase>>
=============================================================================
