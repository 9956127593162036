"""Reading emitted Verilog: its statements, who reads what, and what counts in the end."""
