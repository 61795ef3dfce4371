//! Who has used the processor, from /proc.

use std::fs;
use std::ops::Sub;

use anyhow::{Context as _, Result};

/// Processor time in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) server: f64,
    pub(crate) database: f64,
    pub(crate) generator: f64,
    /// Of everybody on the machine, these three included.
    pub(crate) everybody: f64,
}

/// Whose time is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) server: u32,
    /// The parent of all processes of the database, if it is a server.
    pub(crate) database: Option<u32>,
}

impl Watched {
    /// The resident memory of the server in bytes.
    pub(crate) fn resident(self) -> Result<u64> {
        resident(self.server)
    }

    /// The time that everybody has used up to now.
    pub(crate) fn usage(self) -> Result<Usage> {
        let database = self.database.map_or(Ok(0), family_ticks)?;
        let seconds = |ticks: u64| ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        Ok(Usage {
            server: seconds(stat(self.server)?.own),
            database: seconds(database),
            generator: seconds(stat(std::process::id())?.own),
            everybody: seconds(busy(&fs::read_to_string("/proc/stat")?).context("/proc/stat")?),
        })
    }
}

/// The resident memory of a process in bytes.
pub(crate) fn resident(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    number(&text, "VmRSS").map(|kibibytes| kibibytes * 1024).context("a process has resident memory")
}

/// The memory in huge pages that the machine has set aside and nobody uses, in kB.
pub(crate) fn free_huge_pages() -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    // A kernel without them does not speak of them.
    let number = |name| number(&text, name).unwrap_or(0);
    Ok(number("HugePages_Free") * number("Hugepagesize"))
}

/// The number of the line of that name.
fn number(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.trim();
    value.strip_suffix(" kB").unwrap_or(value).parse().ok()
}

/// The time of a process, of those of its children that have ended, and of those that live. A server of PostgreSQL has no
/// grandchildren.
fn family_ticks(parent: u32) -> Result<u64> {
    let of_parent = stat(parent)?;
    let mut ticks = of_parent.own + of_parent.ended_children;
    for entry in fs::read_dir("/proc")?.flatten() {
        let process = entry.file_name().to_str().and_then(|name| name.parse().ok());
        // A process may have ended since it was listed.
        if let Some(of_child) = process.and_then(|process| stat(process).ok())
            && of_child.parent == parent
        {
            ticks += of_child.own;
        }
    }
    Ok(ticks)
}

/// The parent of a process.
pub(crate) fn parent(process: u32) -> Result<u32> {
    Ok(stat(process)?.parent)
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

fn stat(process: u32) -> Result<Stat> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse(&text).with_context(|| format!("cannot understand {path}"))
}

/// The name of the program may hold anything, so fields are counted from the parenthesis behind it.
fn parse(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        own: number(11)? + number(12)?,
        ended_children: number(13)? + number(14)?,
    })
}

/// All time but that of idling and of waiting for a disk.
fn busy(text: &str) -> Option<u64> {
    let all = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = all.split_ascii_whitespace().map_while(|ticks| ticks.parse().ok()).collect();
    let [user, nice, system, _, _, interrupts, soft_interrupts, stolen, ..] = ticks[..] else { return None };
    Some(user + nice + system + interrupts + soft_interrupts + stolen)
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            database: self.database - before.database,
            generator: self.generator - before.generator,
            everybody: self.everybody - before.everybody,
        }
    }
}

impl Usage {
    /// The time of everybody else, which a fair measurement has little of.
    pub(crate) fn others(self) -> f64 {
        (self.everybody - self.server - self.database - self.generator).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_the_name() {
        let text = "812 (odd) name (x)) S 7 812 812 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 9";
        let stat = parse(text).unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended_children), (7, 200, 50));
        assert!(parse("812 (cut) S 7").is_none());
    }

    #[test]
    fn a_number_is_that_of_its_name() {
        let text = "VmRSS:\t     612 kB\nHugePages_Total:     640\nHugePages_Free:      9\n";
        assert_eq!(number(text, "VmRSS"), Some(612));
        assert_eq!(number(text, "HugePages_Free"), Some(9));
        assert_eq!(number("VmRSSx:\t 612 kB\nName:\tkthreadd\n", "VmRSS"), None);
    }

    #[test]
    fn idling_is_not_work() {
        assert_eq!(busy("cpu  10 1 5 1000 100 2 3 4 0 0\ncpu0 1 1 1\n"), Some(25));
        assert_eq!(busy("intr 1 2 3"), None);
    }
}
