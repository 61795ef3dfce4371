//! Messages between instances about what was written.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use deadpool_redis::redis::{Client, ConnectionInfo, Msg, RedisResult};
use futures_util::StreamExt as _;
use jangteo_shared_kernel::ProductId;
use tokio::time::{sleep, timeout};

use crate::RedisAddress;

/// Where messages go. All databases of a server share it.
pub(crate) const CHANNEL: &str = "jangteo:written";

/// How long a subscription may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// How long to rest before a lost subscription is made again.
const REST: Duration = Duration::from_millis(250);

/// A message: who sends it, then the products that were written, with spaces between them.
pub(crate) struct Message<'a> {
    pub(crate) sender: &'a str,
    pub(crate) written: &'a BTreeSet<ProductId>,
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sender)?;
        self.written.iter().try_for_each(|id| write!(f, " {id}"))
    }
}

/// What a message says, unless it is one's own. What cannot be read of it is left out.
fn read(text: &str, me: &str) -> Option<BTreeSet<ProductId>> {
    let mut words = text.split(' ');
    (words.next() != Some(me)).then(|| words.filter_map(|word| word.parse().ok()).collect())
}

/// Hears messages of others for ever. What is sent while there is no connection is lost.
pub(crate) async fn listen(
    address: &RedisAddress,
    me: &str,
    mut hear: impl FnMut(BTreeSet<ProductId>) + Send,
) {
    loop {
        // Any node of a Cluster hears what is sent to any other. That the address can be read was seen before.
        for server in address.servers().unwrap_or_default() {
            if let Err(error) = subscribe(server, me, &mut hear).await {
                tracing::debug!(%error, "messages of other instances cannot be heard");
            }
        }
        sleep(REST).await;
    }
}

/// Hears messages until the connection is lost.
async fn subscribe(
    server: ConnectionInfo,
    me: &str,
    hear: &mut (impl FnMut(BTreeSet<ProductId>) + Send),
) -> RedisResult<()> {
    let connecting = async {
        let mut connection = Client::open(server)?.get_async_pubsub().await?;
        connection.subscribe(CHANNEL).await?;
        RedisResult::Ok(connection)
    };
    let Ok(connection) = timeout(CONNECT_PATIENCE, connecting).await else { return Ok(()) };
    let mut messages = connection?.into_on_message();
    tracing::debug!("hearing messages of other instances");
    while let Some(message) = messages.next().await {
        let message: Msg = message;
        if let Some(written) = message.get_payload::<String>().ok().and_then(|text| read(&text, me)) {
            hear(written);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_is_read_and_nothing_else() {
        let id = |n: u32| format!("01900000-0000-7000-8000-{n:012x}").parse::<ProductId>().unwrap();
        let written = BTreeSet::from([id(1), id(2)]);
        let text = Message { sender: "me", written: &written }.to_string();
        assert_eq!(read(&text, "you"), Some(written));
        assert_eq!(read(&text, "me"), None);
        assert_eq!(read(&format!("{text} x"), "you").map(|read| read.len()), Some(2));
        assert_eq!(read("", "you"), Some(BTreeSet::new()));
    }
}
