"""The world around tokenshim in its end-to-end tests: every part real, or a stand-in that records what it is told."""
