//! What is particular to the gate in the process.

use crate::shop::{Says, Shop, ask, enter};

#[tokio::test]
async fn a_pass_that_is_dropped_gives_its_place_back() {
    let shop = Shop::new();
    let (gate, campaign) = (shop.in_process(), shop.campaign(1, 0).await);
    let pass = enter(&gate, campaign).await;
    assert_eq!(ask(&gate, campaign).await, Says::Full);
    drop(pass);
    assert_eq!(ask(&gate, campaign).await, Says::Inside);
}
