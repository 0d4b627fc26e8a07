//! A WebSocket: after the 101 both sides speak to each other and the edge only carries.
//!
//! The instance counts the tunnel as a request until it ends, or until the time to drain is
//! over.

use crate::{instance::Flight, upstream::Connection};
use bowline_host::task;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

/// Joins both sides once each of them is ready.
pub(crate) fn start(user: OnUpgrade, instance: OnUpgrade, flight: Flight, connection: Connection) {
    drop(task::spawn("tunnel", async move {
        let mut cut = flight.instance().cut();
        // A side that goes away ends the tunnel; there is nobody left to be told.
        let carried = async {
            let (user, instance) = tokio::try_join!(user, instance)?;
            drop(connection);
            let (mut user, mut instance) = (TokioIo::new(user), TokioIo::new(instance));
            let _bytes = tokio::io::copy_bidirectional(&mut user, &mut instance).await;
            Ok::<(), hyper::Error>(())
        };
        tokio::select! {
            biased;
            _carried = carried => {}
            _cut = cut.wait_for(|cut| *cut) => {}
        }
        drop(flight);
    }));
}
