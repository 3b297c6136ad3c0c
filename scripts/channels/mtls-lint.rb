# Written by scripts/channels.py of mtls-lint for each release.
class MtlsLint < Formula
  desc "Finds the DestinationRules that override Istio mutual TLS"
  homepage "https://mtls-lint.dev"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "https://github.com/mtls-lint/mtls-lint/releases/download/v@VERSION@/mtls-lint-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "https://github.com/mtls-lint/mtls-lint/releases/download/v@VERSION@/mtls-lint-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/mtls-lint/mtls-lint/releases/download/v@VERSION@/mtls-lint-aarch64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256 aarch64-unknown-linux-gnu@"
    end
    on_intel do
      url "https://github.com/mtls-lint/mtls-lint/releases/download/v@VERSION@/mtls-lint-x86_64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256 x86_64-unknown-linux-gnu@"
    end
  end

  def install
    bin.install "mtls-lint"
    bash_completion.install "completions/mtls-lint.bash" => "mtls-lint"
    zsh_completion.install "completions/_mtls-lint"
    fish_completion.install "completions/mtls-lint.fish"
    man1.install Dir["man/*.1"]
  end

  test do
    (testpath/"rule.yaml").write <<~YAML
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata:
        name: httpbin
      spec:
        host: httpbin
        trafficPolicy:
          tls:
            mode: NONE
    YAML
    assert_match "invalid-schema", shell_output("#{bin}/mtls-lint rule.yaml", 1)
    assert_match version.to_s, shell_output("#{bin}/mtls-lint --version")
  end
end
