//! The keys of the shop: where they come from, and how a server that is running hears of new ones (ADR-040).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::task::spawn_blocking;
use anyhow::Context;
use jangteo_security::{KeyRing, RingFile, SealedFields, ServiceKeys, SystemEntropy};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{ConfigFault, Invalid, KeySource};
use crate::security_events::field_key_changed;

/// How often a server looks whether its key file has changed.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads the keys, and makes them where they are the shop's own.
pub(crate) fn load(source: &KeySource) -> anyhow::Result<ServiceKeys> {
    match source {
        KeySource::Own(path) => Ok(ServiceKeys::load_or_generate(path, &SystemEntropy)?),
        KeySource::File(path) => ServiceKeys::load(path).context("keys.file cannot be used"),
        KeySource::Ring(keys) => Ok(keys.clone()),
        KeySource::Nowhere => Err(nowhere().into()),
    }
}

/// A database on a server outlives its instances, and all of them have to have the same keys.
fn nowhere() -> ConfigFault {
    ConfigFault::Invalid(vec![Invalid {
        key: "keys.file",
        origin: "default".to_owned(),
        problem: "a database on a server takes keys that all instances share: set keys.file, or keys.ring to what is \
                  in such a file; `jangteo keys generate FILE` makes one"
            .to_owned(),
    }])
}

/// A cipher with keys that are forgotten, for those who read and write nothing that is sealed.
pub(crate) fn passing_cipher() -> Arc<SealedFields> {
    let keys = ServiceKeys::generate(&SystemEntropy);
    Arc::new(SealedFields::new(&keys.fields, Arc::new(SystemEntropy)))
}

/// The ring that personal data is sealed with, kept up to date.
#[derive(Clone)]
pub(crate) struct LiveRing {
    pub(crate) cipher: Arc<SealedFields>,
    file: Option<Arc<RingFile>>,
}

impl LiveRing {
    /// The ring of these keys, which came from there.
    pub(crate) fn new(source: &KeySource, keys: &ServiceKeys) -> Self {
        let cipher = SealedFields::new(&keys.fields, Arc::new(SystemEntropy));
        let file = source.file().map(|path| Arc::new(RingFile::new(path, &keys.fields)));
        let cipher = match file.clone() {
            Some(file) => cipher.with_source(Box::new(move || told(&file))),
            None => cipher,
        };
        Self { cipher: Arc::new(cipher), file }
    }

    /// Learns the ring whenever its file has changed, and at once when somebody says so.
    pub(crate) async fn keep_up(self, mut told: impl AsyncFnMut()) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                () = told() => true,
            };
            let ring = self.clone();
            if let Err(error) = spawn_blocking(move || ring.look(asked)).await {
                tracing::warn!(%error, "the key file could not be looked at");
            }
        }
    }

    fn look(&self, asked: bool) {
        let Some(file) = &self.file else {
            if asked {
                tracing::warn!("keys.ring is read at the start only; restart to change it");
            }
            return;
        };
        if !asked && !file.has_changed() {
            return;
        }
        let before = self.cipher.current_key();
        self.cipher.renew();
        let current = self.cipher.current_key();
        if before != current {
            field_key_changed(before, current);
        }
    }
}

impl fmt::Debug for LiveRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveRing").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The ring of the file; if it cannot be used, that is told, and the one before goes on to be used.
fn told(file: &RingFile) -> Option<KeyRing> {
    match file.read_ring() {
        Ok(ring) => Some(ring),
        Err(error) => {
            tracing::warn!(error = format!("{:#}", anyhow::Error::new(error)), "the key file cannot be used");
            None
        }
    }
}
