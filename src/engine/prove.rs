//! Prove: which fixes are safe, by analyses of the edited files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::compare::{is_as_readable, is_improvement};
use super::fix::{apply_order, edited};
use super::{Analysis, Error, Request, analyse};
use crate::diagnostic::{Applicability, Diagnostic, PairId};
use crate::mesh::Mesh;
use crate::object::ObjectId;
use crate::resource::Fqdn;
use crate::source::tree::{Overlay, Tree};
use crate::source::{FileId, SourceFile, Sources};
use crate::yaml::{self, ReadOptions};

/// What an analysis of edited files says about fixes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// No pair gets worse, and those of the findings improve.
    Safe,
    /// Some pair gets worse, or one of the findings' own does not improve.
    Unsafe,
    /// Something cannot be read afterwards that could be read before.
    Unreadable,
}

/// Takes the word `safe` from every fix that a second analysis does not prove, and every fix away after which less can be
/// read. Fixes that cannot touch the same pairs are proved together, and one by one where that fails.
pub(super) fn prove(
    diagnostics: &mut [Diagnostic],
    analysis: &Analysis,
    request: &Request,
    tree: &dyn Tree,
) -> Result<(), Error> {
    for diagnostic in diagnostics.iter_mut() {
        if !is_parsed_after(diagnostic, &analysis.sources) {
            diagnostic.fix = None;
        }
    }
    let prover = Prover::new(diagnostics, Applicability::Safe, analysis, request, tree);
    for (index, proof) in prover.failures()? {
        let Some(diagnostic) = diagnostics.get_mut(index) else {
            continue;
        };
        match (proof, &mut diagnostic.fix) {
            (Proof::Unreadable, fix) => *fix = None,
            (Proof::Unsafe, Some(fix)) => fix.applicability = Applicability::Unsafe,
            (Proof::Unsafe, None) | (Proof::Safe, _) => {}
        }
    }
    let offered = Prover::new(diagnostics, Applicability::Unsafe, analysis, request, tree);
    for index in offered.unbuildable()? {
        if let Some(diagnostic) = diagnostics.get_mut(index) {
            diagnostic.fix = None;
        }
    }
    Ok(())
}

/// Those of some safe fixes that may be applied together to what `before` is the analysis of: each is safe by itself, but of two that touch the same pairs the
/// second may no longer be once the first is applied. It then waits for the next round.
pub(super) fn together<'a>(
    wanted: Vec<&'a Diagnostic>,
    before: &Analysis,
    request: &Request,
    tree: &dyn Tree,
) -> Result<Vec<&'a Diagnostic>, Error> {
    if wanted.len() < 2 {
        return Ok(wanted);
    }
    let mut taken: Vec<&Diagnostic> = Vec::new();
    let mut pending = vec![wanted];
    while let Some(group) = pending.pop() {
        let tried = [taken.as_slice(), group.as_slice()].concat();
        let after = analyse(request, &applied(&tried, &before.sources, tree))?;
        if is_as_readable(before, &after) && is_improvement(before, &after, &[]) {
            taken = tried;
        } else if group.len() > 1 {
            let (left, right) = group.split_at(group.len() / 2);
            pending.push(right.to_vec());
            pending.push(left.to_vec());
        }
    }
    Ok(taken)
}

/// What a proof needs: the findings whose fixes are judged with their positions, and what they are about.
struct Prover<'a> {
    candidates: Vec<(usize, &'a Diagnostic)>,
    analysis: &'a Analysis,
    request: &'a Request,
    tree: &'a dyn Tree,
}

/// Some of the candidates.
type Group<'a> = Vec<(usize, &'a Diagnostic)>;

/// The members of groups that fail by themselves, with how; a group that fails is judged again in halves.
fn failing<'a, F>(
    mut pending: Vec<Group<'a>>,
    judge: impl Fn(&[(usize, &'a Diagnostic)]) -> Result<Option<F>, Error>,
) -> Result<Vec<(usize, F)>, Error> {
    let mut failures = Vec::new();
    while let Some(group) = pending.pop() {
        let Some(failure) = judge(&group)? else {
            continue;
        };
        if let [(index, _)] = *group {
            failures.push((index, failure));
            continue;
        }
        let (left, right) = group.split_at(group.len() / 2);
        pending.push(right.to_vec());
        pending.push(left.to_vec());
    }
    Ok(failures)
}

impl<'a> Prover<'a> {
    /// For the fixes that are called as safe as `applicability` says.
    fn new(
        diagnostics: &'a [Diagnostic],
        applicability: Applicability,
        analysis: &'a Analysis,
        request: &'a Request,
        tree: &'a dyn Tree,
    ) -> Self {
        let is_candidate = |diagnostic: &Diagnostic| {
            let fix = diagnostic.fix.as_ref();
            fix.is_some_and(|fix| fix.applicability == applicability)
        };
        let all = diagnostics.iter().enumerate();
        Self {
            candidates: all.filter(|(_, one)| is_candidate(one)).collect(),
            analysis,
            request,
            tree,
        }
    }

    /// The positions of the findings whose fixes are not proved.
    fn failures(&self) -> Result<Vec<(usize, Proof)>, Error> {
        // A fix alone needs no grouping, and is analysed where it is proved.
        let all = match *self.candidates {
            [] | [_] => None,
            _ => Some(self.after(&self.candidates)?),
        };
        let pending: Vec<Group<'a>> = match &all {
            Some(all) => self.groups(all),
            None => self.candidates.iter().map(|&one| vec![one]).collect(),
        };
        failing(pending, |group| {
            let proof = self.proof(group, all.as_ref())?;
            Ok((proof != Proof::Safe).then_some(proof))
        })
    }

    /// The positions of the findings whose fixes leave something that cannot be built any more: a patch that is written for all
    /// objects of a kind may not fit what a fix adds or changes, and a replacement may need what a fix takes away.
    fn unbuildable(&self) -> Result<Vec<usize>, Error> {
        let removes = |(_, diagnostic): &(usize, &Diagnostic)| {
            let mut edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits);
            edits.any(|edit| edit.text.is_empty())
        };
        let mut units = self.analysis.deployment.units.iter();
        let is_affected =
            units.any(|unit| !unit.patches.is_empty()) || self.candidates.iter().any(removes);
        if self.candidates.is_empty() || !is_affected {
            return Ok(Vec::new());
        }
        let before = self.analysis.summary.unread.len();
        let failures = failing(vec![self.candidates.clone()], |group| {
            Ok((self.after(group)?.summary.unread.len() > before).then_some(()))
        })?;
        Ok(failures.into_iter().map(|(index, ())| index).collect())
    }

    /// The candidates in groups of which no two members are about one host, before and after all fixes: what holds for a
    /// group then holds for each of its fixes. One that is not about a rule is a group of its own.
    fn groups(&self, all: &Analysis) -> Vec<Group<'a>> {
        let meshes = || self.analysis.meshes.iter().chain(&all.meshes);
        let rules: Vec<BTreeMap<&ObjectId, BTreeSet<&Fqdn>>> =
            meshes().map(Mesh::hosts_by_rule).collect();
        let mut groups: Vec<(Group<'a>, BTreeSet<&Fqdn>)> = Vec::new();
        let mut others = Vec::new();
        for &(index, diagnostic) in &self.candidates {
            let object = diagnostic.object.as_ref();
            let reach: BTreeSet<&Fqdn> = rules
                .iter()
                .filter_map(|rules| rules.get(object?))
                .flatten()
                .copied()
                .collect();
            if reach.is_empty() {
                others.push(vec![(index, diagnostic)]);
                continue;
            }
            let free = groups
                .iter_mut()
                .find(|(_, hosts)| hosts.is_disjoint(&reach));
            match free {
                Some((group, hosts)) => {
                    group.push((index, diagnostic));
                    hosts.extend(reach);
                }
                None => groups.push((vec![(index, diagnostic)], reach)),
            }
        }
        others.extend(groups.into_iter().map(|(group, _)| group));
        others
    }

    /// What the files are with the fixes of a group.
    fn after(&self, group: &[(usize, &Diagnostic)]) -> Result<Analysis, Error> {
        let members: Vec<&Diagnostic> = group.iter().map(|&(_, diagnostic)| diagnostic).collect();
        let tree = applied(&members, &self.analysis.sources, self.tree);
        analyse(self.request, &tree)
    }

    /// What an analysis of the edited files says about a group of fixes; `all` is the one with every fix, if it is known.
    fn proof(
        &self,
        group: &[(usize, &Diagnostic)],
        all: Option<&Analysis>,
    ) -> Result<Proof, Error> {
        let members: Vec<&Diagnostic> = group.iter().map(|&(_, diagnostic)| diagnostic).collect();
        let sources = &self.analysis.sources;
        let fixes = members
            .iter()
            .filter_map(|diagnostic| diagnostic.fix.as_ref());
        let wanted: usize = fixes.map(|fix| fix.edits.len()).sum();
        if apply_order(members.iter().copied(), sources).len() != wanted {
            return Ok(Proof::Unsafe); // some overlap, or are in a file that cannot be written
        }
        let own;
        let after = match all {
            Some(all) if group.len() == self.candidates.len() => all,
            Some(_) | None => {
                own = self.after(group)?;
                &own
            }
        };
        if !is_as_readable(self.analysis, after) {
            return Ok(Proof::Unreadable);
        }
        let pairs = members.iter().flat_map(|diagnostic| &diagnostic.pairs);
        let pairs: Vec<PairId> = pairs.copied().collect();
        Ok(if is_improvement(self.analysis, after, &pairs) {
            Proof::Safe
        } else {
            Proof::Unsafe
        })
    }
}

/// A tree in which the fixes of findings are applied, as far as they do not touch the same bytes.
pub(super) fn applied<'t>(
    findings: &[&Diagnostic],
    sources: &Sources,
    tree: &'t dyn Tree,
) -> Overlay<'t> {
    let edits = apply_order(findings.iter().copied(), sources);
    let texts = edited(&edits, sources).into_iter();
    Overlay::new(tree, texts.map(|(path, text)| (path, text.into_bytes())))
}

/// Whether the documents that a fix edits can still be parsed, if they could be before; not where its own edits overlap.
fn is_parsed_after(diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let edits = apply_order(std::iter::once(diagnostic), sources);
    let texts = edited(&edits, sources);
    let mut by_file = edits.chunk_by(|one, next| one.span.file == next.span.file);
    by_file.all(|edits| {
        let are_apart = edits.is_sorted_by(|one, next| one.span.end <= next.span.start);
        let (Some(first), Some(last)) = (edits.first(), edits.last()) else {
            return true;
        };
        let file = sources.file(first.span.file);
        let bytes = first.span.start as usize..last.span.end as usize;
        let after = texts.get(file.path());
        are_apart && after.is_none_or(|after| !breaks(file, bytes, after))
    })
}

/// Whether of the documents that hold some bytes of a file more cannot be parsed once the file has another text.
fn breaks(file: &SourceFile, bytes: Range<usize>, after: &str) -> bool {
    let before = file.text();
    // `---` at the start of a line always separates documents.
    let head = before.get(..bytes.start).unwrap_or_default();
    let head = head.rfind("\n---").map_or(0, |at| at + 1);
    let tail = before.get(bytes.end..).unwrap_or_default();
    let tail = tail.find("\n---").map_or(0, |at| tail.len() - at);
    let documents = |text: &str| {
        text.get(head..text.len().saturating_sub(tail))
            .map(str::to_owned)
    };
    match (documents(before), documents(after)) {
        (Some(before), Some(after)) => broken(after, file) > broken(before, file),
        _ => false,
    }
}

/// How many of some documents of a file cannot be parsed.
fn broken(text: String, file: &SourceFile) -> usize {
    let file = SourceFile::new(file.path().to_owned(), text.into(), file.role());
    yaml::read(FileId(0), &file, ReadOptions::ALL_DOCUMENTS)
        .problems
        .len()
}

#[cfg(test)]
mod tests {
    use super::prove;
    use crate::diagnostic::Applicability;
    use crate::engine::testing::{NO_AUTO_MTLS, SHOP};
    use crate::engine::{Request, analyse, fix, lint};
    use crate::source::tree::Memory;

    /// The service `web`, whose port 80 is 8080 of its pod.
    const WEB: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
";

    fn mesh(objects: &str) -> Memory {
        let mesh = [NO_AUTO_MTLS, SHOP, WEB, objects].concat();
        Memory::new([("mesh.yaml", mesh)])
    }

    fn request() -> Request {
        Request {
            paths: vec![".".into()],
            ..Request::default()
        }
    }

    /// The rule of every finding with whether its fix is safe.
    fn fixes(objects: &str) -> Vec<(&'static str, Option<Applicability>)> {
        let outcome = lint(&request(), &mesh(objects)).expect("the mesh can be linted");
        let findings = outcome.report.diagnostics.into_iter();
        findings
            .map(|finding| (finding.rule, finding.fix.map(|fix| fix.applicability)))
            .collect()
    }

    /// Two rules for `web.shop`, which is no host: of one the tls is missing.
    const HALF_HOSTS: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: all, namespace: istio-system}
spec: {host: '*.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec: {host: web.shop, subsets: []}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b, namespace: shop}
spec: {host: web.shop, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
";

    #[test]
    fn a_fix_that_only_another_one_makes_harmless_is_not_safe() {
        let half = "partly-qualified-host";
        let (safe, unsafe_) = (Some(Applicability::Safe), Some(Applicability::Unsafe));
        assert_eq!(fixes(HALF_HOSTS), [(half, unsafe_), (half, safe)]);
    }

    #[test]
    fn a_fix_that_leaves_broken_yaml_is_dropped_whoever_would_apply_it() {
        let tree = mesh(HALF_HOSTS);
        let analysis = analyse(&request(), &tree).expect("the mesh can be read");
        let outcome = lint(&request(), &tree).expect("the mesh can be linted");
        for applicability in [Applicability::Safe, Applicability::Unsafe] {
            let mut found = outcome.report.diagnostics.clone();
            let fix = found[0].fix.as_mut().expect("the finding has a fix");
            fix.applicability = applicability;
            fix.edits[0].text = "web: [".to_owned();
            prove(&mut found, &analysis, &request(), &tree).expect("the mesh can be read");
            assert_eq!(found[0].fix, None);
            assert!(found[1].fix.is_some());
        }
    }

    #[test]
    fn an_unsafe_fix_that_a_patch_of_all_rules_does_not_fit_is_not_offered() {
        let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                      metadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n";
        let other = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
                     metadata: {name: other, namespace: shop}\nspec: {host: other.example.com, subsets: []}\n";
        let mesh = [NO_AUTO_MTLS, SHOP, WEB, strict, other].concat();
        let patch = |path: &str| {
            format!(
                "resources: [mesh.yaml]\npatches:\n- target: {{kind: DestinationRule}}\n  \
                 patch: '- {{op: remove, path: {path}}}'\n"
            )
        };
        let offered = |kustomization: String| {
            let files = [
                ("kustomization.yaml", kustomization),
                ("mesh.yaml", mesh.clone()),
            ];
            let outcome = lint(&request(), &Memory::new(files)).expect("it can be linted");
            let mut found = outcome.report.diagnostics.into_iter();
            let finding = found.find(|one| one.rule == "strict-without-client-mtls");
            finding.expect("no rule is for `web`").fix.is_some()
        };
        assert!(!offered(patch("/spec/subsets")));
        assert!(offered("resources: [mesh.yaml]\n".to_owned()));
    }

    /// The DISABLE of `mtls` begins to count when its key is put right, and clients send plaintext as long as the settings
    /// of the port lack the tls.
    const CROSSED: &str = "\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: mtls, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: PERMISSIVE}
  portLevelMtls:
    80: {mode: DISABLE}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
    portLevelSettings:
    - port: {number: 80}
      connectionPool: {tcp: {maxConnections: 1}}
";

    #[test]
    fn two_fixes_that_are_safe_each_are_not_applied_together_where_they_break_calls() {
        let safe = Some(Applicability::Safe);
        let found = fixes(CROSSED);
        assert!(
            found.contains(&("port-level-uses-service-port", safe)),
            "{found:?}"
        );
        assert!(
            found.contains(&("port-settings-drop-tls", safe)),
            "{found:?}"
        );
        let fixed = fix(&request(), &mesh(CROSSED), Applicability::Safe);
        let fixed = fixed.expect("the mesh can be fixed");
        let left = fixed.outcome.report.diagnostics.iter();
        let refused: Vec<&str> = left
            .map(|finding| &*finding.message)
            .filter(|message| message.contains("503"))
            .collect();
        assert_eq!(refused, [""; 0]);
        assert_eq!(fixed.changes.len(), 1);
    }
}
