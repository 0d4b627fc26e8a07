//! The dead man's switch, and tables that outlive a process.

use crate::{
    backend::Backend,
    client::get,
    setting::{Setting, options, table, until, with_deadline},
};
use bowline_traffic::{Client, start};
use std::time::Duration;

#[tokio::test]
async fn silence_sends_everything_back_to_stable_until_a_newer_table_comes() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    let versions = [("old", 0, vec![("o1", old.address)]), ("new", 100, vec![("n1", new.address)])];
    let rollout = with_deadline(table(1, edge.listen, &versions), "new", 300);
    edge.client.put_table(&rollout).await.expect("the table is taken");
    assert_eq!(get(edge.listen, "/").await.1, "new");
    until("it falls back", || async { edge.client.table().await.expect("a table").fell_back })
        .await;
    assert_eq!(get(edge.listen, "/").await.1, "old");
    let state = edge.client.table().await.expect("a table");
    assert_eq!((state.fell_back_routes, state.table), (vec!["shop".to_owned()], Some(rollout)));
    // A word alone does not bring the canary back, nor does the same table.
    edge.client.alive().await.expect("an answer");
    assert_eq!(get(edge.listen, "/").await.1, "old");
    let again = with_deadline(table(1, edge.listen, &versions), "new", 300);
    edge.client.put_table(&again).await.expect("the same table is taken");
    assert_eq!(get(edge.listen, "/").await.1, "old");
    let newer = with_deadline(table(2, edge.listen, &versions), "new", 60_000);
    edge.client.put_table(&newer).await.expect("the table is taken");
    assert_eq!(get(edge.listen, "/").await.1, "new");
    assert!(!edge.client.table().await.expect("a table").fell_back);
}

#[tokio::test]
async fn words_keep_the_switch_up_and_no_rollout_has_none() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    let versions = [("old", 0, vec![("o1", old.address)]), ("new", 100, vec![("n1", new.address)])];
    let rollout = with_deadline(table(1, edge.listen, &versions), "new", 500);
    edge.client.put_table(&rollout).await.expect("the table is taken");
    let before = edge.client.counters(0).await.expect("counters").now_ms;
    until("two deadlines have passed", || async {
        edge.client.alive().await.expect("an answer");
        edge.client.counters(0).await.expect("counters").now_ms > before + 1_000
    })
    .await;
    assert_eq!(get(edge.listen, "/").await.1, "new");
    assert!(!edge.client.table().await.expect("a table").fell_back);
}

#[tokio::test]
async fn a_restarted_edge_serves_its_table_at_once_and_stays_where_it_fell() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let folder = tempfile::TempDir::new().expect("a folder");
    let listen = crate::setting::address();
    let client = Client::new(&options(&folder).control_socket);
    let versions = [("old", 0, vec![("o1", old.address)]), ("new", 100, vec![("n1", new.address)])];
    let rollout = with_deadline(table(1, listen, &versions), "new", 400);
    let running = start(options(&folder)).await.expect("it starts");
    client.put_table(&rollout).await.expect("the table is taken");
    running.stop().await;
    let running = start(options(&folder)).await.expect("it starts again");
    assert_eq!(get(listen, "/").await.1, "new");
    assert_eq!(client.healthy().await.expect("health").generation, Some(rollout.generation));
    until("it falls back", || async { client.table().await.expect("a table").fell_back }).await;
    until("that is on disk", || async {
        let text = std::fs::read_to_string(folder.path().join("table.json"));
        text.expect("a file").contains(r#""fell_back":["shop"]"#)
    })
    .await;
    running.stop().await;
    let running = start(options(&folder)).await.expect("it starts again");
    assert!(client.table().await.expect("a table").fell_back);
    assert_eq!(get(listen, "/").await.1, "old");
    running.stop().await;
}

#[tokio::test]
async fn an_unreadable_saved_table_is_put_aside() {
    let folder = tempfile::TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("table.json"), "{\"table\": 1}").expect("a file");
    let running = start(options(&folder)).await.expect("it starts");
    let client = Client::new(&options(&folder).control_socket);
    assert_eq!(client.healthy().await.expect("health").generation, None);
    assert!(folder.path().join("table.json.unreadable").exists());
    running.stop().await;
}

#[tokio::test]
async fn a_port_that_was_taken_meanwhile_is_named_and_taken_back_when_it_is_free() {
    let old = Backend::start("old").await;
    let folder = tempfile::TempDir::new().expect("a folder");
    let listen = crate::setting::address();
    let client = Client::new(&options(&folder).control_socket);
    let running = start(options(&folder)).await.expect("it starts");
    let versions = [("old", 100, vec![("o1", old.address)])];
    client.put_table(&table(1, listen, &versions)).await.expect("the table is taken");
    running.stop().await;
    let thief = Backend::start_at("thief", listen).await;
    let running = start(options(&folder)).await.expect("it starts again");
    let missing = client.table().await.expect("a table").not_listening;
    assert_eq!(missing.len(), 1);
    assert!(missing[0].reason.contains("port 18080"), "{}", missing[0].reason);
    thief.kill().await;
    until("the edge has it", || async {
        tokio::time::timeout(Duration::from_secs(1), client.table())
            .await
            .is_ok_and(|state| state.expect("a table").not_listening.is_empty())
    })
    .await;
    assert_eq!(get(listen, "/").await.1, "old");
    running.stop().await;
}
