"""Engines that add up events: one question in one SQL, answered here, on a cluster, or compiled for BigQuery."""
