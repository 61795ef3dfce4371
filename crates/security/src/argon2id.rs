//! Password hashes with Argon2id.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, RECOMMENDED_SALT_LEN, Version};
use jangteo_shared_kernel::{Cause, Entropy};
use jangteo_user::{HasherBusy, Password, PasswordHash, PasswordHasher, PasswordVerdict};
use tokio::sync::Semaphore;

/// What one hash costs whoever computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2idCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes. They are computed one after the other: several requests keep several cores busy anyway.
    pub parallelism: u32,
}

impl Argon2idCost {
    /// The minimum that the OWASP password storage cheat sheet asks for: 19 MiB, two passes, one lane.
    pub const OWASP: Self = Self { memory_kib: 19_456, iterations: 2, parallelism: 1 };
}

/// Argon2id cannot be computed at this cost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Argon2id does not work at {cost:?}: {reason}")]
pub struct InvalidArgon2idCost {
    /// What was asked for.
    pub cost: Argon2idCost,
    /// What is wrong with it.
    reason: String,
}

/// Hashes passwords with Argon2id (RFC 9106).
///
/// Hashing runs on tokio's pool for blocking work, at most so many at once as was said; the others wait, in order of
/// arrival, and beyond a number are refused with [`HasherBusy`]. A caller that gives up while it waits costs nothing; one
/// that gives up later keeps its place until the computation ends, so that no more than the bound ever run.
///
/// Needs a tokio runtime.
pub struct Argon2idHasher {
    work: Arc<Work>,
    /// Of those who compute.
    places: Arc<Semaphore>,
    /// Of those who compute or wait.
    queue: Arc<Semaphore>,
}

/// How many passwords are worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingBounds {
    /// At once.
    pub at_once: NonZeroUsize,
    /// So many more may wait for that.
    pub waiting: usize,
}

/// What a computation needs, wherever it runs.
struct Work {
    argon2: Argon2<'static>,
    /// Stands in for the hash of an account that does not exist, and is read as one that is stored. Nobody knows its password.
    nobody: PasswordHash,
    entropy: Arc<dyn Entropy>,
}

impl Argon2idHasher {
    /// Hashes at this cost, within these bounds, with salts from this entropy.
    pub fn new(
        cost: Argon2idCost,
        bounds: HashingBounds,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, InvalidArgon2idCost> {
        let invalid = |reason: String| InvalidArgon2idCost { cost, reason };
        let length = Some(Params::DEFAULT_OUTPUT_LEN);
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, length)
            .map_err(|error| invalid(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);

        let nobody = nobody(&argon2, entropy.as_ref()).map_err(|error| invalid(error.to_string()))?;
        let bounded = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let at_once = bounds.at_once.get();
        Ok(Self {
            work: Arc::new(Work { argon2, nobody, entropy }),
            places: bounded(at_once),
            queue: bounded(at_once.saturating_add(bounds.waiting)),
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        compute: impl FnOnce(&Work) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| HasherBusy)?;
        let place = Arc::clone(&self.places).acquire_owned().await?;
        let work = Arc::clone(&self.work);
        tokio::task::spawn_blocking(move || {
            let _places = (queued, place);
            compute(&work)
        })
        .await?
    }
}

/// A hash that is drawn and not computed: to compare with it costs as much as with any, and no password is known to fit.
fn nobody(argon2: &Argon2<'_>, entropy: &dyn Entropy) -> password_hash::Result<PasswordHash> {
    let (mut salt, mut output) = ([0; RECOMMENDED_SALT_LEN], [0; Params::DEFAULT_OUTPUT_LEN]);
    entropy.fill(&mut salt);
    entropy.fill(&mut output);
    let hash = phc::PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: phc::ParamsString::try_from(argon2.params())?,
        salt: Some(phc::Salt::new(&salt)?),
        hash: Some(phc::Output::new(&output)?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

fn hash(
    argon2: &Argon2<'_>,
    entropy: &dyn Entropy,
    password: &[u8],
) -> password_hash::Result<phc::PasswordHash> {
    let mut salt = [0; RECOMMENDED_SALT_LEN];
    entropy.fill(&mut salt);
    argon2.hash_password_with_salt(password, &salt)
}

impl Work {
    fn hash(&self, password: &Password) -> Result<PasswordHash, Cause> {
        let hash = hash(&self.argon2, self.entropy.as_ref(), password.expose().as_bytes())?;
        Ok(PasswordHash::new(hash.to_string()))
    }

    fn verify(&self, claimed: &Password, hash: Option<&PasswordHash>) -> Result<PasswordVerdict, Cause> {
        let stored = phc::PasswordHash::new(hash.unwrap_or(&self.nobody).as_str())?;
        if stored.salt.is_none() || stored.hash.is_none() {
            return Err("a stored password hash lacks its salt or its output".into());
        }
        let equal = match self.argon2.verify_password(claimed.expose().as_bytes(), &stored) {
            Ok(()) => hash.is_some(),
            Err(password_hash::Error::PasswordInvalid) => false,
            Err(error) => return Err(error.into()),
        };
        Ok(match equal {
            true if self.is_current(&stored)? => PasswordVerdict::Right,
            true => PasswordVerdict::RightButOutdated,
            false => PasswordVerdict::Wrong,
        })
    }

    /// Whether this hasher would make such a hash today.
    fn is_current(&self, hash: &phc::PasswordHash) -> Result<bool, Cause> {
        Ok(hash.algorithm == ARGON2ID_IDENT
            && hash.version == Some(Version::V0x13.into())
            && hash.salt.is_some_and(|salt| salt.len() >= RECOMMENDED_SALT_LEN)
            && Params::try_from(hash)? == *self.argon2.params())
    }
}

impl PasswordHasher for Argon2idHasher {
    async fn hash_password(&self, password: Password) -> Result<PasswordHash, Cause> {
        self.run(move |work| work.hash(&password)).await
    }

    /// Answers [`PasswordVerdict::RightButOutdated`] for any hash that [`PasswordHasher::hash_password`] would not
    /// make today. A hash that cannot be read is an error, not a wrong password.
    ///
    /// Without a hash the claim is compared with one of the current cost. A hash of another cost takes another time,
    /// until it has been replaced.
    async fn verify_password(
        &self,
        claimed: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Cause> {
        self.run(move |work| work.verify(&claimed, hash.as_ref())).await
    }
}

impl fmt::Debug for Argon2idHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2idHasher").field("params", self.work.argon2.params()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;
    use crate::SystemEntropy;

    const CHEAP: Argon2idCost = Argon2idCost { memory_kib: 8, iterations: 1, parallelism: 1 };
    const TWO: HashingBounds = HashingBounds { at_once: NonZeroUsize::new(2).unwrap(), waiting: 3 };

    fn hasher(cost: Argon2idCost) -> Argon2idHasher {
        Argon2idHasher::new(cost, TWO, Arc::new(SystemEntropy)).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::claimed(text).unwrap()
    }

    #[tokio::test]
    async fn knows_the_password_again_and_no_other() {
        let hasher = hasher(CHEAP);
        let hash = hasher.hash_password(password("correct horse")).await.unwrap();
        let verdict =
            async |claimed| hasher.verify_password(password(claimed), Some(hash.clone())).await.unwrap();
        assert_eq!(verdict("correct horse").await, PasswordVerdict::Right);
        assert_eq!(verdict("correct hors").await, PasswordVerdict::Wrong);
        assert_eq!(verdict("").await, PasswordVerdict::Wrong);
    }

    #[tokio::test]
    async fn the_same_password_hashed_twice_looks_different() {
        let hasher = hasher(CHEAP);
        let one = hasher.hash_password(password("correct horse")).await.unwrap();
        assert_ne!(one, hasher.hash_password(password("correct horse")).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_right_but_outdated() {
        let old = hasher(CHEAP).hash_password(password("correct horse")).await.unwrap();
        for cost in [
            Argon2idCost { memory_kib: 16, ..CHEAP },
            Argon2idCost { iterations: 2, ..CHEAP },
            Argon2idCost { memory_kib: 16, parallelism: 2, ..CHEAP },
        ] {
            let today = hasher(cost);
            let verdict = today.verify_password(password("correct horse"), Some(old.clone())).await.unwrap();
            assert_eq!(verdict, PasswordVerdict::RightButOutdated, "{cost:?}");
            let verdict = today.verify_password(password("wrong horse"), Some(old.clone())).await.unwrap();
            assert_eq!(verdict, PasswordVerdict::Wrong, "{cost:?}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_algorithm_version_or_length_is_right_but_outdated() {
        let params = |length| Params::new(8, 1, 1, Some(length)).unwrap();
        for (algorithm, version, length) in [
            (Algorithm::Argon2i, Version::V0x13, 32),
            (Algorithm::Argon2id, Version::V0x10, 32),
            (Algorithm::Argon2id, Version::V0x13, 16),
        ] {
            let imported = Argon2::new(algorithm, version, params(length))
                .hash_password_with_salt(b"correct horse", &[7; 16])
                .unwrap();
            let imported = Some(PasswordHash::new(imported.to_string()));
            let verdict = hasher(CHEAP).verify_password(password("correct horse"), imported).await.unwrap();
            assert_eq!(verdict, PasswordVerdict::RightButOutdated, "{algorithm} {version:?} {length}");
        }
    }

    #[tokio::test]
    async fn without_an_account_every_password_is_wrong() {
        let hasher = hasher(CHEAP);
        assert_eq!(hasher.verify_password(password("anything"), None).await.unwrap(), PasswordVerdict::Wrong);
        // Time is that of the parameters.
        let nobody = phc::PasswordHash::new(hasher.work.nobody.as_str()).unwrap();
        assert_eq!(Params::try_from(&nobody).unwrap(), *hasher.work.argon2.params());
        assert!(hasher.work.is_current(&nobody).unwrap());
    }

    #[tokio::test]
    async fn a_corrupt_hash_is_an_error_that_does_not_repeat_it() {
        let hasher = hasher(CHEAP);
        let good = hasher.hash_password(password("correct horse")).await.unwrap();
        let good = good.as_str();
        for bad in [
            "",
            "secret",
            "$2b$12$secretsecretsecretsecretsecretsecretsecretsecretsecret",
            "$scrypt$ln=1,r=1,p=1$c2VjcmV0c2VjcmV0$c2VjcmV0c2VjcmV0",
            "$argon2id$v=19$m=8,t=1,p=1",
            "$argon2id$v=19$m=8,t=1,p=1$c2VjcmV0c2VjcmV0",
            &good.replace("m=8", "m=1"),
            &good.replace("v=19", "v=18"),
            &good.replace("t=1", "t=secret"),
            &format!("{good}!"),
            &format!("{good}$secret"),
        ] {
            let hash = Some(PasswordHash::new(bad.to_owned()));
            let error = hasher.verify_password(password("correct horse"), hash).await.unwrap_err();
            assert!(!error.to_string().contains("secret"), "{bad}: {error}");
        }
    }

    #[test]
    fn refuses_impossible_costs_with_their_reason() {
        let error = |cost| Argon2idHasher::new(cost, TWO, Arc::new(SystemEntropy)).unwrap_err().to_string();
        assert!(error(Argon2idCost { memory_kib: 7, ..CHEAP }).contains("memory"));
        assert!(error(Argon2idCost { iterations: 0, ..CHEAP }).contains("time"));
        assert!(error(Argon2idCost { parallelism: 0, ..CHEAP }).contains("threads"));
    }

    #[tokio::test]
    async fn the_real_parameters_are_those_of_owasp() {
        let hash = hasher(Argon2idCost::OWASP).hash_password(password("correct horse")).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
    }

    #[test]
    fn debug_output_shows_no_hash() {
        let shown = format!("{:?}", hasher(CHEAP));
        assert!(shown.contains("m_cost: 8") && !shown.contains("argon2id"), "{shown}");
    }

    /// Entropy that, once shut, holds up every computation that asks for a salt.
    #[derive(Default)]
    struct Gate {
        inside: Mutex<(bool, usize)>,
        changed: Condvar,
    }

    impl Gate {
        fn shut(&self, shut: bool) {
            self.inside.lock().unwrap().0 = shut;
            self.changed.notify_all();
        }

        fn came_in(&self) -> usize {
            self.inside.lock().unwrap().1
        }
    }

    impl Entropy for Gate {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
            let mut inside = self.inside.lock().unwrap();
            inside.1 += 1;
            drop(self.changed.wait_while(inside, |inside| inside.0).unwrap());
        }
    }

    /// A hasher that waits at a gate, and how often somebody came there before it was shut.
    fn behind_a_shut_gate() -> (Arc<Gate>, Arc<Argon2idHasher>, usize) {
        let gate = Arc::new(Gate::default());
        let hasher =
            Arc::new(Argon2idHasher::new(CHEAP, TWO, Arc::clone(&gate) as Arc<dyn Entropy>).unwrap());
        let before = gate.came_in();
        gate.shut(true);
        (gate, hasher, before)
    }

    #[tokio::test]
    async fn no_more_run_at_once_than_was_said_even_if_callers_give_up() {
        let (gate, hasher, before) = behind_a_shut_gate();

        let hash = || {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.hash_password(password("correct horse")).await.unwrap() })
        };
        let (one, other) = (hash(), hash());
        while gate.came_in() < before + 2 {
            tokio::task::yield_now().await;
        }
        one.abort();
        let cancelled = one.await.is_err_and(|error| error.is_cancelled());
        let places = hasher.places.available_permits();
        let third = hash();
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        let came_in = gate.came_in();

        // Opened before anything can fail: the runtime waits for what is inside.
        gate.shut(false);
        other.await.unwrap();
        third.await.unwrap();
        assert_eq!((cancelled, places, came_in), (true, 0, before + 2));
        assert_eq!(gate.came_in(), before + 3);
    }

    #[tokio::test]
    async fn no_more_wait_than_was_said_and_whoever_gives_up_makes_room() {
        let (gate, hasher, before) = behind_a_shut_gate();
        let hash = || {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.hash_password(password("correct horse")).await })
        };
        let mut queue: Vec<_> = (0..5).map(|_| hash()).collect();
        while gate.came_in() < before + 2 || hasher.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hash().await.unwrap().unwrap_err();
        let gone = queue.pop().unwrap();
        gone.abort();
        let cancelled = gone.await.is_err_and(|error| error.is_cancelled());
        queue.push(hash());
        tokio::task::yield_now().await;
        let refused_again = hash().await.unwrap().unwrap_err();

        // Opened before anything can fail: the runtime waits for what is inside.
        gate.shut(false);
        for hashed in queue {
            hashed.await.unwrap().unwrap();
        }
        assert!(refused.is::<HasherBusy>() && refused_again.is::<HasherBusy>() && cancelled);
        hash().await.unwrap().unwrap();
    }
}
