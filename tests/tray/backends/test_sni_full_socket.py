import socket

from ccmon_tray.tray.backends.sni.session import PatientSocket


def test_a_full_buffer_takes_nothing_and_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        patient = PatientSocket(ours)
        chunk = memoryview(bytes(100_000))
        sent = 0
        while taken := patient.send(chunk):
            sent += taken

        assert patient.send(chunk) == 0

        received = 0
        while received < sent:
            received += len(theirs.recv(100_000))
        assert patient.send(chunk) > 0
