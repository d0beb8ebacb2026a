//! Requests for documents of Firestore, which are not served: clients are told so at once.

use firewarden_server::{Server, Service};

use super::http::{call, send};

const WORDS: &str = "rules endpoints of Firestore only, not documents";

#[tokio::test]
async fn a_client_of_grpc_gets_a_status_with_words() {
    let builder = Server::builder().port(Service::Firestore, 0).port(Service::Storage, 0);
    let server = builder.start().await.unwrap();
    let address = server.address(Service::Firestore).unwrap();
    let reply = call(address, "/google.firestore.v1.Firestore/Write").await.unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/grpc"));
    assert_eq!(reply.header("grpc-status"), "12");
    assert!(reply.header("grpc-message").contains(WORDS), "{reply:?}");
    assert!(reply.body.is_empty());
    // The other ports speak HTTP/1 only.
    let storage = server.address(Service::Storage).unwrap();
    assert!(call(storage, "/google.firestore.v1.Firestore/Write").await.is_err());
}

#[tokio::test]
async fn a_client_of_rest_gets_501_with_words() {
    let server = Server::builder().port(Service::Firestore, 0).start().await.unwrap();
    let address = server.address(Service::Firestore).unwrap();
    let path = "/v1/projects/demo/databases/(default)/documents/a/b";
    let reply = send(address, "GET", path, &[], "").await;
    assert_eq!(reply.status, 501);
    assert!(reply.text().contains(WORDS) && reply.text().contains(path), "{reply:?}");
    // What does not begin as HTTP/2 does is HTTP/1, also if it is shorter.
    let reply = send(address, "P", "/", &[], "").await;
    assert_eq!(reply.status, 405);
}
