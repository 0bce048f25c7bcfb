//! Whole-system scenarios in both topologies.
