//! The process: since when it runs, and how much memory it has.

use std::fmt;
use std::fs;

use jangteo_shared_kernel::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// What is asked of the system when somebody looks.
#[derive(Debug)]
pub(super) struct ProcessMeters {
    /// When it began.
    pub(super) started: Timestamp,
}

impl Collector for ProcessMeters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "When the server began, as seconds since 1970";
        encoder
            .encode_descriptor("process_start_time", help, Some(&Unit::Seconds), MetricType::Gauge)?
            .encode_gauge(&self.started.timestamp())?;
        let help = "Memory that the process has in use; 0 where the system does not say";
        encoder
            .encode_descriptor("process_resident_memory", help, Some(&Unit::Bytes), MetricType::Gauge)?
            .encode_gauge(&resident_bytes().unwrap_or(0))
    }
}

/// What Linux says; other systems have no such file.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}
