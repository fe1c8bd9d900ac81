// Command addons is what a cluster is usually given besides Kubernetes itself: names, figures, storage, network policies.
package main

import (
	"fmt"
	"os"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"

	"github.com/coredns/coredns/coremain"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	metrics "sigs.k8s.io/metrics-server/cmd/metrics-server/app"
)

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	switch name {
	case "coredns":
		coremain.Run()
	case "metrics-server":
		os.Exit(cli.Run(metrics.NewMetricsServerCommand(genericapiserver.SetupSignalHandler())))
	case "network-policies":
		os.Exit(enforceNetworkPolicies())
	case "storage":
		os.Exit(provisionStorage())
	default:
		fmt.Fprintln(os.Stderr, "addons PROGRAM [ARGUMENT...], where PROGRAM is coredns, metrics-server, network-policies or storage")
		os.Exit(2)
	}
}
