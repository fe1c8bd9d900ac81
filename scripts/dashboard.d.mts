/** Builds web/ into dist/web when something it is made of changed. @param root the checkout */
export declare function buildDashboard(root: string): Promise<void>;
