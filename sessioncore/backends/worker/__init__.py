"""What runs in the worker processes, and only there: decoding, checking and executing what clients send.

Everything here may import Qiskit; nothing outside this folder may import anything here. A worker decodes hostile
bytes, so it holds no secrets, is limited in CPU time and memory, and can be killed at any moment.
"""
