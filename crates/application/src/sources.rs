//! Time and chance, as use cases take them, and the meters that they turn.

use std::fmt;
use std::sync::Arc;

use jangteo_shared_kernel::{Clock, Entropy, Id, Timestamp};

use crate::Meters;

/// The clock and the entropy that a use case works with. Clones share their [`Meters`].
#[derive(Clone)]
pub struct Sources {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    meters: Meters,
}

impl Sources {
    /// Use cases that take time and chance from here.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, meters: Meters::default() }
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id, made at `now`.
    #[must_use]
    pub fn id<K>(&self, now: Timestamp) -> Id<K> {
        Id::generate(now, &*self.entropy)
    }

    /// What is counted on the way.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
    }
}
