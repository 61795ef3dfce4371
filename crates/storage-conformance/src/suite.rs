//! Running the cases.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::Storage;

/// The variable that narrows [`check_all`] to the cases whose names contain its value.
const ONLY: &str = "JANGTEO_CONFORMANCE_ONLY";

/// How long a case may take. A hang is a failure of that case.
const LIMIT: Duration = Duration::from_mins(2);

/// One thing that a storage must do.
pub struct Case<S> {
    name: &'static str,
    run: fn(S) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<S: Storage> Case<S> {
    pub(crate) const fn new(
        name: &'static str,
        run: fn(S) -> Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> Self {
        Self { name, run }
    }

    /// What the storage must do.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on an empty storage, in a task of its own. The error says what went wrong.
    pub async fn run(&self, empty: S) -> Result<(), String> {
        let task = tokio::spawn((self.run)(empty));
        let stop = task.abort_handle();
        match tokio::time::timeout(LIMIT, task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(error.try_into_panic().map_or_else(|error| error.to_string(), |panic| message(&*panic)))
            }
            Err(_) => {
                stop.abort();
                Err(format!("has not come to an end in {} s", LIMIT.as_secs()))
            }
        }
    }
}

impl<S> fmt::Debug for Case<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every case.
#[must_use]
pub fn suite<S: Storage>() -> Vec<Case<S>> {
    crate::cases::all()
}

/// Runs every case, each on an empty storage of its own that `fresh` opens, and panics at the end if any failed, naming
/// each. MUST run on several threads.
///
/// The environment variable `JANGTEO_CONFORMANCE_ONLY` narrows it to the cases whose names contain its value.
pub async fn check_all<S: Storage>(fresh: impl AsyncFn() -> S) {
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut failures = Vec::new();
    let mut count = 0;
    for case in suite::<S>().iter().filter(|case| case.name.contains(&only)) {
        count += 1;
        if let Err(reason) = case.run(fresh().await).await {
            failures.push(format!("{}: {reason}", case.name));
        }
    }
    assert!(count > 0, "no case is called {only:?}");
    assert!(failures.is_empty(), "{} of {count} cases failed:\n- {}", failures.len(), failures.join("\n- "));
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked").to_owned()
}
