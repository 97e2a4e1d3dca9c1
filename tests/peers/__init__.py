"""The test suites of other projects, run with the real drivers and with tokenshim before them: `make peer-tests`."""
