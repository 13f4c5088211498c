-------------------------- MODULE DeviceProperties ---------------------------
(***************************************************************************)
(* What must follow from Device, spelled out pair by pair and not through *)
(* the order that Device makes.  Each stands in PROPERTIES in              *)
(* sessioncore/explore/tlc.py with its rules and with a fault.            *)
(***************************************************************************)
EXTENDS Device

Queued == {j \in Jobs : job[j] = "queued"}
Starts(j) == job[j] = "queued" /\ job'[j] = "running"
Dedicated(w) == Plan.modes[w] = "dedicated"
ActiveDedicated == {w \in Workloads : Dedicated(w) /\ state[w] = "active"}
HeldBy(w) == {j \in Jobs : job[j] = "running" /\ j[1] = w}
Held == {j \in Jobs : job[j] = "running"}

(***************************************************************************)
(* Who goes before whom (D-03): active sessions, then the workloads by    *)
(* their oldest queued job, then jobs by age.                              *)
(***************************************************************************)
Age(j) == CHOOSE i \in DOMAIN queue : queue[i] = j
Place(j) ==                                              \* a session stands at its oldest, a job of its own at itself
  IF Plan.modes[j[1]] = "job" THEN Age(j)
  ELSE CHOOSE i \in {Age(k) : k \in {q \in Queued : q[1] = j[1]}} :
         \A k \in Queued : k[1] = j[1] => i <= Age(k)
Blocked(j) == ActiveDedicated \ {j[1]} # {}              \* D-01: such a job takes no place
Before(c, j) ==
  IF (state[c[1]] = "active") # (state[j[1]] = "active") THEN state[c[1]] = "active"
  ELSE IF state[c[1]] = "active" THEN Age(c) < Age(j)
  ELSE Place(c) < Place(j) \/ (Place(c) = Place(j) /\ Age(c) < Age(j))
First(j) == \A c \in Queued \ {j} : ~Blocked(c) => ~Before(c, j)

CouldStart(j) ==
  /\ ~paused
  /\ Cardinality(Held) < Plan.lanes
  /\ ~Blocked(j)
  /\ First(j)
  /\ Dedicated(j[1]) /\ state[j[1]] # "active" => Held = HeldBy(j[1])

(***************************************************************************)
(* Of every state.                                                         *)
(***************************************************************************)
DeviceTypeOK ==                                          \* J-01
  /\ plan \in DOMAIN Plans
  /\ state \in [Workloads -> {"open", "active", "inactive", "closed", "none"}]
  /\ accepting \in [Workloads -> BOOLEAN]
  /\ job \in [Jobs -> Statuses]
  /\ paused \in BOOLEAN

TheQueueHoldsTheQueued ==                                \* S-05, S-22
  /\ {queue[i] : i \in DOMAIN queue} = Queued
  /\ Len(queue) = Cardinality(Queued)

NoMoreThanTheLanes ==                                    \* D-03, S-23
  Cardinality(Held) <= Plan.lanes

AtMostOneActiveDedicated ==                              \* D-01, D-02
  Cardinality(ActiveDedicated) <= 1

ADedicatedSessionIsAlone ==                              \* D-01, D-02
  \A w \in ActiveDedicated : Held = HeldBy(w)

AnIdleBatchBlocksNobody ==                               \* D-04
  (/\ \E w \in Workloads : Plan.modes[w] = "batch" /\ state[w] = "active" /\ \A j \in Jobs : j[1] = w => j \notin Queued
   /\ Held = {} /\ ActiveDedicated = {} /\ ~paused /\ Queued # {})
  => ENABLED Start

(***************************************************************************)
(* Of every step.                                                          *)
(***************************************************************************)
NoForeignStart ==                                        \* D-01
  [][\A j \in Jobs : Starts(j) => \A w \in ActiveDedicated : w = j[1]]_vars

TheFirstDispatchWaits ==                                 \* D-02
  [][\A j \in Jobs : Starts(j) /\ Dedicated(j[1]) /\ state[j[1]] # "active" => Held = {}]_vars

NobodyOvertakesTheHead ==                                \* D-03
  [][\A j \in Jobs : Starts(j) => First(j)]_vars

ActiveSessionsGoFirst ==                                 \* S-12
  [][\A j \in Jobs : Starts(j) /\ state[j[1]] # "active" =>
       \A c \in Queued : state[c[1]] = "active" => Blocked(c)]_vars

BatchesAndJobsShareTheLanes ==                           \* D-04, T-05: without a dedicated session nobody waits
  [][(/\ \A w \in Workloads : Dedicated(w) => state[w] = "closed"
      /\ Cardinality(Held) < Plan.lanes /\ ~paused /\ Queued # {})
     => \E j \in Jobs : Starts(j)]_vars

PausedStartsNothing ==                                   \* D-05
  [][paused => \A j \in Jobs : ~Starts(j)]_vars

NoLaneStaysFree ==                                       \* T-05
  [][(\E j \in Queued : CouldStart(j)) => \E j \in Jobs : Starts(j)]_vars

JobsTakeALaneOnce ==                                     \* J-01
  [][\A j \in Jobs : job[j] # job'[j] =>
       <<job[j], job'[j]>> \in {<<"unused", "queued">>, <<"queued", "running">>, <<"queued", "ended">>,
                                <<"running", "ended">>}]_vars

AnEndLeavesTheLanes ==                                   \* S-20, S-23: it ends no job that runs, or comes with the last (S-19)
  [][\A w \in Workloads : state[w] # "closed" /\ state'[w] = "closed" =>
       \/ \A j \in HeldBy(w) : job'[j] = "running"
       \/ ~accepting[w] /\ Cardinality(HeldBy(w)) = 1 /\ Queued' = Queued]_vars

(***************************************************************************)
(* Of what must come in the end, under FairSpec.  Each job is accepted    *)
(* once and each acceptance ends once, so "all of them, again and again"  *)
(* says the same as one leads-to for each, and costs TLC far less.        *)
(***************************************************************************)
EveryQueuedJobEnds ==                                    \* J-01: if the device is not paused for ever
  []<>(\A j \in Jobs : job[j] \in {"unused", "ended"})

EveryDrainingSessionCloses ==                            \* S-17, S-19
  []<>(\A w \in Workloads : accepting[w] \/ state[w] = "closed")
=============================================================================
