---------------------------- MODULE SessionByHand ----------------------------
(* One setting of Session, to be changed at will: see README.md.           *)
EXTENDS SessionFaults

BySettings == <<
  [jobs |-> 2, max_ttl |-> 2, interactive_ttl |-> 1, no_submission |-> 2,
   failure_policy |-> "continue", queued_at_end |-> "fail"]
>>
==============================================================================
