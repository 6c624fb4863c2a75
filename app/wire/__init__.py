"""What crosses the network, as pure functions: bytes to records, records to events; one file for each dialect."""
