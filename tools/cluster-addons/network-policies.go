package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// enforceNetworkPolicies judges the first packet of each connection that the node's rules put into the queue.
// The project's own program is not used: it needs an expression of nftables (queue) that not every kernel has, while
// the rig's own iptables rule needs none.
func enforceNetworkPolicies() int {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	node := flag.String("node", "", "the name of this node")
	queue := flag.Int("queue", 100, "the netfilter queue to judge")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	client, err := clientOf(*kubeconfig)
	if err != nil {
		klog.ErrorS(err, "the API server cannot be asked")
		return 1
	}
	watched := informers.NewSharedInformerFactory(client, 0)
	controller, err := networkpolicy.NewController(
		client,
		watched.Networking().V1().NetworkPolicies(),
		watched.Core().V1().Namespaces(),
		watched.Core().V1().Pods(),
		nil, nil, nil, nil,
		// Without the runtime's interface (NRI) it asks the API server only; told to do so, this version reads a nil map.
		networkpolicy.Config{QueueID: *queue, NodeName: *node},
	)
	if err != nil {
		klog.ErrorS(err, "the policies cannot be watched")
		return 1
	}
	watched.Start(ctx.Done())
	if err := controller.Run(ctx); err != nil {
		klog.ErrorS(err, "the policies are not enforced any more")
		return 1
	}
	return 0
}
