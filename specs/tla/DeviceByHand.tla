---------------------------- MODULE DeviceByHand -----------------------------
(* Two plans of Device, to be changed at will: see README.md.              *)
EXTENDS DeviceFaults

ByPlans == <<
  [lanes |-> 1, modes |-> <<"dedicated", "batch">>, jobs |-> <<1, 1>>],
  [lanes |-> 2, modes |-> <<"dedicated", "job">>, jobs |-> <<1, 1>>]
>>
==============================================================================
