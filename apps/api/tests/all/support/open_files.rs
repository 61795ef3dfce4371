//! How many files a process may have open. Connections are files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process, and the servers that it starts from now on, have so many files open.
pub(crate) fn allow_open_files(count: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return;
    }
    assert!(
        limit.maximum.is_none_or(|maximum| maximum >= count),
        "this test takes {count} open files; the system allows no more than {limit:?}"
    );
    setrlimit(Resource::Nofile, Rlimit { current: Some(count), ..limit })
        .expect("it is within what is allowed");
}
