-------------------------- MODULE SessionProperties --------------------------
(***************************************************************************)
(* What must follow from Session: the invariants of the rules, spelled    *)
(* out again and not through the definitions that the actions use.        *)
(* Each stands in a table with its rules and with a fault that breaks it: *)
(* PROPERTIES in sessioncore/explore/tlc.py, see README.md.               *)
(***************************************************************************)
EXTENDS Session

Work == {j \in Jobs : job[j] \in {"queued", "running", "cancelling"}}
Held == {j \in Jobs : job[j] \in {"running", "cancelling"}}
Ticks == phase = "requests" /\ phase' = "reports"
Forced == Setting.failure_policy = "abort" /\ \E j \in Jobs : job[j] = "running" /\ job'[j] = "failed"

(***************************************************************************)
(* Of every state.                                                         *)
(***************************************************************************)
TypeOK ==                                                \* S-01, J-01
  /\ setting \in DOMAIN Settings
  /\ state \in States
  /\ accepting \in BOOLEAN
  /\ job \in [Jobs -> Statuses]
  /\ maxTtl \in Off .. Setting.max_ttl
  /\ interactive \in Off .. Setting.interactive_ttl
  /\ noSubmission \in Off .. Setting.no_submission
  /\ phase \in Phases

ClosedHoldsNothing ==                                    \* S-15, S-20, S-22
  state = "closed" => ~accepting /\ \A j \in Jobs : job[j] # "queued"

DrainedIsClosed ==                                       \* S-18, S-19
  ~accepting /\ Work = {} => state = "closed"

MaxTtlArmedFromStartToEnd ==                             \* S-09, S-10
  maxTtl # Off <=> state \in {"active", "inactive"}

InteractiveArmedWhileIdle ==                             \* S-13
  interactive # Off <=> state = "active" /\ accepting /\ Work = {}

NoSubmissionArmedUntilUsed ==                            \* S-16
  noSubmission # Off <=> state = "open" /\ accepting /\ Work = {} /\ Setting.no_submission > 0

WaitingHoldsNoDevice ==                                  \* S-01, S-14
  state \in {"open", "inactive"} => Held = {}

DueTimersHaveFired ==                                    \* T-01, T-02
  phase = "requests" => 0 \notin {maxTtl, interactive, noSubmission}

(***************************************************************************)
(* Of the beginning, and of every step.                                    *)
(***************************************************************************)
OpensUnused ==                                           \* S-01
  <<state, accepting, Work, maxTtl, interactive>> = <<"open", TRUE, {}, Off, Off>>

StateMoves == {<<s, s>> : s \in States} \cup {<<s, "closed">> : s \in States} \cup
  {<<"open", "active">>, <<"active", "inactive">>, <<"inactive", "active">>}
StatesInOrder ==                                         \* S-09, S-11, S-14, S-15, S-20, S-23
  [][(<<state, state'>> \in StateMoves)]_vars

AcceptanceNeverReturns ==                                \* S-17, S-20
  [][~accepting => ~accepting']_vars

SubmissionOnlyQueues ==                                  \* S-05, S-08
  [][\A j \in Jobs : job[j] = "unused" /\ job'[j] # "unused" =>
       /\ job' = [job EXCEPT ![j] = "queued"]
       /\ state' = state
       /\ accepting']_vars

NoSubmissionAfterClose ==                                \* S-06
  [][\A j \in Jobs : job[j] = "unused" /\ job'[j] # "unused" => accepting /\ state # "closed"]_vars

RefusalsChangeNothing ==                                 \* S-06, J-04, J-09, T-03
  [][~SubmitRefused /\ ~JobCancelRefused]_vars

RepeatsChangeNothing ==                                  \* S-21, J-06
  [][~CloseNothing /\ ~CancelNothing /\ ~JobStartedNothing /\ ~IdleReports]_vars

OnlyAStartActivates ==                                   \* S-08, S-09, S-11
  [][state # "active" /\ state' = "active" => \E j \in Jobs : job[j] = "queued" /\ job'[j] = "running"]_vars

AStartActivates ==                                       \* S-09, S-11
  [][(\E j \in Jobs : job[j] = "queued" /\ job'[j] = "running") => state' = "active"]_vars

NoStartAtOrAfterTheDeadline ==                           \* S-15
  [][maxTtl = 0 => \A j \in Jobs : job[j] = "queued" => job'[j] # "running"]_vars

NoStartAfterTheEnd ==                                    \* S-15, S-20
  [][state = "closed" => \A j \in Jobs : job'[j] = "running" => job[j] = "running"]_vars

MaxTtlNeverMoves ==                                      \* S-10, S-11: full at the start, then less by each tick alone
  [][maxTtl' # Off =>
       IF maxTtl = Off THEN state = "open" /\ maxTtl' = Setting.max_ttl
       ELSE maxTtl' = (IF Ticks THEN maxTtl - 1 ELSE maxTtl)]_vars

InteractiveCountsFromTheLastWork ==                      \* S-03, S-13
  [][interactive' # Off =>
       IF interactive = Off
       THEN /\ interactive' <= Setting.max_ttl
            /\ interactive' \in {Setting.interactive_ttl, Setting.max_ttl}
            /\ interactive' <= Setting.interactive_ttl
            /\ Work # {}
       ELSE interactive' = (IF Ticks THEN interactive - 1 ELSE interactive)]_vars

NoSubmissionCountsFromTheLastWork ==                     \* S-16
  [][noSubmission' # Off =>
       IF noSubmission = Off THEN Work # {} /\ noSubmission' = Setting.no_submission
       ELSE noSubmission' = (IF Ticks THEN noSubmission - 1 ELSE noSubmission)]_vars

InactiveOnlyByItsTimer ==                                \* S-14
  [][state # "inactive" /\ state' = "inactive" => phase = "timers" /\ interactive = 0 /\ job' = job]_vars

MaxTtlGoesFirst ==                                       \* S-15, T-02
  [][phase = "timers" /\ maxTtl = 0 => state' = "closed"]_vars

CloseKeepsTheWork ==                                     \* S-17
  [][accepting /\ ~accepting' /\ state' # "closed" => state' = state /\ job' = job /\ maxTtl' = maxTtl]_vars

CancelEndsAtOnce ==                                      \* S-20
  [][CancelDone => state' = "closed"]_vars

QueuedEndAsConfigured ==                                 \* S-22, J-02
  [][job' # job => \A j \in Jobs : job[j] = "queued" /\ job'[j] \in Final =>
       \/ job'[j] = (IF Setting.queued_at_end = "fail" THEN "failed" ELSE "cancelled") /\ state' = "closed"
       \/ job'[j] = "cancelled" /\ phase = "requests" /\ \A k \in Jobs \ {j} : job'[k] = job[k]]_vars

AnEndLeavesTheDevice ==                                  \* S-15, S-20, S-23, S-24
  [][/\ CancelDone \/ phase = "timers" => \A j \in Held : job'[j] = job[j]
     /\ \A j, k \in Held : job'[j] # job[j] /\ job'[k] # job[k] => j = k]_vars

AFailureEndsOnlyByPolicy ==                              \* S-24
  [][IF Forced THEN state' = "closed"
     ELSE accepting /\ (\E j \in Jobs : job[j] \in OnDevice /\ job'[j] \in Final) => state' = state /\ accepting']_vars

JobMoves == {<<s, s>> : s \in Statuses} \cup
  {<<"unused", "queued">>, <<"queued", "running">>, <<"queued", "cancelled">>, <<"queued", "failed">>,
   <<"running", "cancelling">>, <<"running", "completed">>, <<"running", "failed">>, <<"cancelling", "cancelled">>}
JobsFollowTheirChart ==                                  \* J-01, J-02, J-03
  [][\A j \in Jobs : <<job[j], job'[j]>> \in JobMoves]_vars

FinalStatusesStay ==                                     \* J-01
  [][\A j \in Jobs : job[j] \in Final => job'[j] = job[j]]_vars

CancelledStaysCancelled ==                               \* J-03, J-04
  [][\A j \in Jobs : job[j] = "cancelling" => job'[j] \in {"cancelling", "cancelled"}]_vars

PhaseMoves == {<<p, p>> : p \in Phases} \cup
  {<<"reports", "timers">>, <<"timers", "requests">>, <<"requests", "reports">>}
PhasesInOrder ==                                         \* T-01
  [][(<<phase, phase'>> \in PhaseMoves) /\ (phase' # phase => UNCHANGED <<state, accepting, job>>)]_vars

(***************************************************************************)
(* Of what must come in the end, under FairSpec.                           *)
(***************************************************************************)
EveryAcceptedJobEnds ==                                  \* J-01
  \A j \in 1 .. 3 : (j \in Jobs /\ job[j] = "queued") ~> (j \in Jobs /\ job[j] \in Final)

DrainingCloses ==                                        \* S-17, S-19
  ~accepting ~> (state = "closed")

AnArmedMaxTtlCloses ==                                   \* S-10, S-15
  (maxTtl # Off) ~> (state = "closed")

NoSessionStaysForEver ==                                 \* S-16, S-15: where the no-submission timer is on
  Setting.no_submission > 0 ~> state = "closed"
=============================================================================
