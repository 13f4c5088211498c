------------------------------- MODULE Device --------------------------------
(***************************************************************************)
(* One device with its lanes and its queue, and a few workloads on it:    *)
(* dedicated sessions, batches, and jobs of their own.  By hand from      *)
(* specs/rules.md, as Session is.                                         *)
(*                                                                         *)
(* What matters to the device only: no time passes, a timer may fire at   *)
(* any moment at which it runs; a job that was cancelled on the device is *)
(* on the device until it ends; how a job ended does not matter.          *)
(*                                                                         *)
(* Whatever may start starts before anything else happens (T-05), so each *)
(* event waits until nothing can start.                                   *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANT Plans  \* sequence of records: lanes; modes, a sequence of "dedicated", "batch", "job"; jobs, how many of each

VARIABLES
  plan,            \* which of the Plans; it never changes
  state,           \* of each workload; jobs of their own have none
  accepting,
  job,             \* the status of each job that there may be
  queue,           \* the queued jobs in the order of their submission
  paused

vars == <<plan, state, accepting, job, queue, paused>>

Plan == Plans[plan]
Workloads == DOMAIN Plan.modes
Mode(w) == Plan.modes[w]
IsSession(w) == Mode(w) # "job"
Jobs == UNION {{<<w, n>> : n \in 1 .. Plan.jobs[w]} : w \in Workloads}
Owner(j) == j[1]
JobsOf(w) == {j \in Jobs : Owner(j) = w}

Statuses == {"unused", "queued", "running", "ended"}
OnDevice == {j \in Jobs : job[j] = "running"}
NoWork(w, js) == \A j \in JobsOf(w) : js[j] \notin {"queued", "running"}
LaneIsFree == Cardinality(OnDevice) < Plan.lanes

(***************************************************************************)
(* Who starts next.                                                        *)
(***************************************************************************)
Exclusive(w) == Mode(w) = "dedicated"
Active(w) == state[w] = "active"

TakesAPlace(j) == \A w \in Workloads \ {Owner(j)} : ~(Exclusive(w) /\ Active(w))       \* D-01, D-03
OfAnActive(j) == Active(Owner(j))

\* S-12, D-03: the oldest of active sessions, else the oldest of all, with which its session stands in the queue.
Ordered ==
  LET placed == SelectSeq(queue, TakesAPlace) IN SelectSeq(placed, OfAnActive) \o placed

WaitsForOthers(w) == Mode(w) = "dedicated" /\ ~Active(w)                               \* D-02
Lets(j) ==
  /\ ~paused                                                                            \* D-05
  /\ LaneIsFree
  /\ WaitsForOthers(Owner(j)) => OnDevice \subseteq JobsOf(Owner(j))

\* D-03: the head of the queue or nobody.
Chosen == IF Ordered # <<>> /\ Lets(Head(Ordered)) THEN {Head(Ordered)} ELSE {}

Without(js) == LET Stays(j) == j \notin js IN SelectSeq(queue, Stays)

Start ==                                                 \* S-09, S-11, T-05
  /\ \E j \in Chosen :
       /\ job' = [job EXCEPT ![j] = "running"]
       /\ queue' = Without({j})
       /\ state' = IF IsSession(Owner(j)) THEN [state EXCEPT ![Owner(j)] = "active"] ELSE state
  /\ UNCHANGED <<plan, accepting, paused>>

Settled == Chosen = {}                                    \* T-05

(***************************************************************************)
(* What ends, and what an end takes with it.                               *)
(***************************************************************************)
Closes(w, js) ==                                         \* S-22, S-23: what is on the device goes on
  /\ state' = [state EXCEPT ![w] = "closed"]
  /\ accepting' = [accepting EXCEPT ![w] = FALSE]
  /\ job' = [j \in Jobs |-> IF Owner(j) = w /\ js[j] = "queued" THEN "ended" ELSE js[j]]
  /\ queue' = Without(JobsOf(w))
  /\ UNCHANGED <<plan, paused>>

GoesOn(w, js, q) ==                                      \* S-19
  IF IsSession(w) /\ ~accepting[w] /\ NoWork(w, js) THEN Closes(w, js)
  ELSE job' = js /\ queue' = q /\ UNCHANGED <<plan, state, accepting, paused>>

(***************************************************************************)
(* Requests.                                                               *)
(***************************************************************************)
Submit(w) ==                                             \* S-05, S-08
  /\ Settled
  /\ accepting[w]
  /\ \E j \in JobsOf(w) :
       /\ job[j] = "unused"
       /\ \A k \in JobsOf(w) : job[k] = "unused" => j[2] <= k[2]
       /\ job' = [job EXCEPT ![j] = "queued"]
       /\ queue' = Append(queue, j)
  /\ UNCHANGED <<plan, state, accepting, paused>>

Close(w) ==                                              \* S-17, S-18
  /\ Settled
  /\ IsSession(w)
  /\ accepting[w]
  /\ IF NoWork(w, job) THEN Closes(w, job)
     ELSE accepting' = [accepting EXCEPT ![w] = FALSE] /\ UNCHANGED <<plan, state, job, queue, paused>>

Cancel(w) ==                                             \* S-20
  /\ Settled
  /\ IsSession(w)
  /\ state[w] # "closed"
  /\ Closes(w, job)

JobCancel(j) ==                                          \* J-02
  /\ Settled
  /\ job[j] = "queued"
  /\ GoesOn(Owner(j), [job EXCEPT ![j] = "ended"], Without({j}))

Pause ==                                                 \* D-05
  /\ Settled
  /\ ~paused
  /\ paused' = TRUE
  /\ UNCHANGED <<plan, state, accepting, job, queue>>

Resume ==
  /\ Settled
  /\ paused
  /\ paused' = FALSE
  /\ UNCHANGED <<plan, state, accepting, job, queue>>

(***************************************************************************)
(* Reports and timers.                                                     *)
(***************************************************************************)
End(j) ==                                                \* J-01, J-03, S-19, S-23
  /\ Settled
  /\ job[j] = "running"
  /\ GoesOn(Owner(j), [job EXCEPT ![j] = "ended"], queue)

MaxTtl(w) ==                                             \* S-10, S-15
  /\ Settled
  /\ state[w] \in {"active", "inactive"}
  /\ Closes(w, job)

Interactive(w) ==                                        \* S-13, S-14
  /\ Settled
  /\ Active(w)
  /\ accepting[w]
  /\ NoWork(w, job)
  /\ state' = [state EXCEPT ![w] = "inactive"]
  /\ UNCHANGED <<plan, accepting, job, queue, paused>>

NoSubmission(w) ==                                       \* S-16
  /\ Settled
  /\ state[w] = "open"
  /\ accepting[w]
  /\ NoWork(w, job)
  /\ Closes(w, job)

(***************************************************************************)
(* The whole, and what is assumed of those around it.                     *)
(***************************************************************************)
Init ==
  /\ plan \in DOMAIN Plans
  /\ state = [w \in Workloads |-> IF IsSession(w) THEN "open" ELSE "none"]
  /\ accepting = [w \in Workloads |-> TRUE]
  /\ job = [j \in Jobs |-> "unused"]
  /\ queue = <<>>
  /\ paused = FALSE

Ends == \E j \in Jobs : End(j)
Idles == \E w \in Workloads : Interactive(w)
Happens ==
  \/ \E w \in Workloads : Submit(w) \/ Close(w) \/ Cancel(w) \/ MaxTtl(w) \/ NoSubmission(w)
  \/ \E j \in Jobs : JobCancel(j)
  \/ Ends \/ Idles \/ Pause \/ Resume

Next == Start \/ Happens
Spec == Init /\ [][Next]_vars

(* What may start starts; what is on the device ends; an idle session does *)
(* not stay idle; the device is not paused for ever.  Two are strong, as a *)
(* start of another goes first and so makes them impossible for a moment.  *)
(* Few jobs make it enough to say so of any job and any session.           *)
Dispatches == WF_vars(Start)
JobsEnd == SF_vars(Ends)
IdleSessionsLetGo == SF_vars(Idles)
PausesEnd == WF_vars(Resume)
FairSpec == Spec /\ Dispatches /\ JobsEnd /\ IdleSessionsLetGo /\ PausesEnd
=============================================================================
