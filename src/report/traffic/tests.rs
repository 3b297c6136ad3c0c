//! Changes of a made-up pull request.

use super::*;
use crate::engine::Cause;
use crate::mesh::Destination;
use crate::resource::Fqdn;

fn changes() -> Vec<PairChange> {
    let change = |host: &str, before, after| PairChange {
        mesh: "prod".to_owned(),
        destination: Destination {
            host: Fqdn::new(host),
            port: 80,
            subset: None,
        },
        clients: vec!["Deployment/shop/web".to_owned()],
        before,
        after,
        rules_before: vec!["istio-system/default".to_owned()],
        rules_after: vec!["shop/cart".to_owned()],
        causes: vec![Cause {
            path: "apps/<b>.yaml".to_owned(),
            line: 7,
            is_gone: false,
            text: "DestinationRule shop/cart is in force".to_owned(),
        }],
    };
    vec![
        change(
            "cart.shop.svc.cluster.local",
            Some(Verdict::Encrypted),
            Some(Verdict::Refused),
        ),
        change(
            "web.shop.svc.cluster.local",
            Some(Verdict::Plaintext),
            Some(Verdict::Encrypted),
        ),
    ]
}

fn rendered(changes: &[PairChange], format: TrafficFormat) -> String {
    let style = Style {
        color: false,
        width: 100,
        links: false,
        summary: true,
    };
    let mut out = Vec::new();
    render_changes(changes, "HEAD~1", format, style, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("it is text")
}

#[test]
fn people_read_what_got_worse_first() {
    insta::assert_snapshot!("text", rendered(&changes(), TrafficFormat::Text));
}

#[test]
fn programs_read_the_stable_interface() {
    insta::assert_snapshot!("json", rendered(&changes(), TrafficFormat::Json));
}

#[test]
fn a_pull_request_gets_a_table_without_markup_of_manifests() {
    insta::assert_snapshot!("markdown", rendered(&changes(), TrafficFormat::Markdown));
}

#[test]
fn no_change_is_said_in_every_format() {
    assert_eq!(
        rendered(&[], TrafficFormat::Text),
        "no pair of client and destination has another verdict than at HEAD~1\n"
    );
    let markdown = rendered(&[], TrafficFormat::Markdown);
    assert!(markdown.starts_with("**mTLS**: no pair"), "{markdown}");
    assert!(rendered(&[], TrafficFormat::Json).contains("\"changes\": []"));
}
