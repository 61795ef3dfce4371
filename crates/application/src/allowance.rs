//! How many requests a client may make, and what several instances need to hand that out together.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use jangteo_shared_kernel::RefreshFamilyId;

/// How many requests a client may make within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So many.
    pub requests: NonZeroU32,
    /// How long a window is. It begins with a client's first request; when it has passed, counting begins anew.
    pub window: Duration,
}

/// Who makes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// Whoever holds the tokens of this log-in, wherever they are.
    LogIn(RefreshFamilyId),
    /// Whoever is at this address, or in the network that it stands for.
    Address(IpAddr),
}

/// What an instance asks for, because it has handed out all that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// What the client has in all.
    pub allowance: Allowance,
    /// How many requests have passed that are not counted where this goes to.
    pub spent: u32,
}

/// What an instance is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// How many requests it may let through. They are counted already, whether they come or not.
    pub granted: u32,
    /// How many are left for everybody after these. If nothing was granted, nothing is left.
    pub left: u32,
    /// When the window ends, from now.
    pub renews_in: Duration,
}

/// Where the instances of a shop count requests together (ADR-044).
///
/// What is counted may be lost at any moment, and then more pass than should. An implementation
/// - MUST count and grant in one step: of any number of draws, no more is granted in a window than the allowance has;
/// - MUST begin a window with a draw, and let it last for as long as windows do: short ones would be so many more allowances;
/// - MUST NOT fail or wait for long: `None` says that nobody answers, and the instance goes on alone;
/// - MUST stay within bounds, whatever the number of names, and forget a name when its window has passed.
///
/// Names are made by the caller, begin with their kind, and MUST NOT tell whom they stand for.
pub trait SharedAllowances: Send + Sync {
    /// Counts what was spent and grants some more. One name has one allowance.
    fn draw(&self, name: &str, draw: &Draw) -> impl Future<Output = Option<Drawn>> + Send;
}
