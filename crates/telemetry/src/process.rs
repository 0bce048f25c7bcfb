//! What the process itself uses, from `/proc/self`. Elsewhere than on Linux nothing is recorded.

use std::fs;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

const MEMORY: &str = "process.memory.usage";
const THREADS: &str = "process.thread.count";
const FILES: &str = "process.unix.file_descriptor.count";
const CPU: &str = "process.cpu.time";

/// Clock ticks a second in `/proc`: fixed by the kernel's interface on every architecture we build for.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) fn describe() {
    describe_gauge!(MEMORY, Unit::Bytes, "Resident memory of the process.");
    describe_gauge!(THREADS, "Threads of the process.");
    describe_gauge!(FILES, "Open file descriptors of the process.");
    describe_counter!(
        CPU,
        Unit::Seconds,
        "CPU time used, user and system, in whole seconds."
    );
}

/// Reads the figures anew.
pub(crate) fn record() {
    if let Some(bytes) = status_field("VmRSS:").map(|kib| kib * 1024.0) {
        gauge!(MEMORY).set(bytes);
    }
    if let Some(threads) = status_field("Threads:") {
        gauge!(THREADS).set(threads);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        gauge!(FILES).set(files.count() as f64);
    }
    if let Some(seconds) = cpu_seconds() {
        counter!(CPU).absolute(seconds as u64);
    }
}

/// A number of `/proc/self/status`.
fn status_field(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time: fields 14 and 15 of `/proc/self/stat`, counted after the command in parentheses.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS_PER_SECOND)
}
