----------------------------- MODULE DeviceFaults -----------------------------
(***************************************************************************)
(* Rules broken on purpose, as in SessionFaults.                           *)
(***************************************************************************)
EXTENDS DeviceProperties

NobodyExcludes(w) == FALSE
SessionsExclude(w) == IsSession(w)
NobodyWaits(w) == FALSE
SessionsWait(w) == IsSession(w) /\ ~Active(w)

PausedIgnored(j) ==
  /\ LaneIsFree
  /\ WaitsForOthers(Owner(j)) => OnDevice \subseteq JobsOf(Owner(j))
LanesIgnored(j) ==
  /\ ~paused
  /\ WaitsForOthers(Owner(j)) => OnDevice \subseteq JobsOf(Owner(j))

OldestFirst == SelectSeq(queue, TakesAPlace)
Backfills ==
  LET ready == SelectSeq(Ordered, Lets) IN IF ready = <<>> THEN {} ELSE {Head(ready)}
AnyMoment == TRUE
NothingIsTaken(w, js) ==
  /\ state' = [state EXCEPT ![w] = "closed"]
  /\ accepting' = [accepting EXCEPT ![w] = FALSE]
  /\ job' = js
  /\ UNCHANGED <<plan, queue, paused>>
EverythingIsTaken(w, js) ==
  /\ state' = [state EXCEPT ![w] = "closed"]
  /\ accepting' = [accepting EXCEPT ![w] = FALSE]
  /\ job' = [j \in Jobs |-> IF Owner(j) = w /\ js[j] \in {"queued", "running"} THEN "ended" ELSE js[j]]
  /\ queue' = Without(JobsOf(w))
  /\ UNCHANGED <<plan, paused>>
Retried(j) ==
  /\ Settled
  /\ job[j] = "running"
  /\ job' = [job EXCEPT ![j] = "queued"]
  /\ queue' = Append(queue, j)
  /\ UNCHANGED <<plan, state, accepting, paused>>
LeavesWithItsOutcome(j) ==
  /\ Settled
  /\ job[j] = "running"
  /\ job' = [job EXCEPT ![j] = "failed"]
  /\ UNCHANGED <<plan, state, accepting, queue, paused>>

NobodyDispatches == Spec /\ JobsEnd /\ IdleSessionsLetGo /\ PausesEnd
JobsMayRunForEver == Spec /\ Dispatches /\ IdleSessionsLetGo /\ PausesEnd
IdleSessionsMayStay == Spec /\ Dispatches /\ JobsEnd /\ PausesEnd
PausedForEver == Spec /\ Dispatches /\ JobsEnd /\ IdleSessionsLetGo
=============================================================================
